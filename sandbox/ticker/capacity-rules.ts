import type { Claim, Workload } from '../simulator/kube-types.js';
import { quantityOf } from '../simulator/quantity.js';
import { usedAnnotation } from '../simulator/usage.js';
import { count, labelsOf, type Active, type Rule } from './rule.js';

const name = ({ metadata }: { metadata: { namespace?: string; name: string } }): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/** At its ceiling and still asking for more: a target met exactly at the maximum is no trouble. */
function isMaxedOut(hpa: Workload): boolean {
  const max = hpa.spec.maxReplicas ?? 0;
  const isLimited = hpa.status?.conditions?.some((one) => one.type === 'ScalingLimited' && one.status === 'True' && one.reason === 'TooManyReplicas') ?? false;
  return count(hpa.status, 'currentReplicas') >= max && (hpa.spec.minReplicas ?? 1) !== max && isLimited;
}

export const hpaMaxedOut: Rule = {
  alertname: 'KubeHpaMaxedOut',
  severity: 'warning',
  forMs: 4000,
  active: (view) =>
    view.list('HorizontalPodAutoscaler').filter(isMaxedOut).map((hpa) => ({
      labels: labelsOf({ namespace: hpa.metadata.namespace, horizontalpodautoscaler: hpa.metadata.name }),
      annotations: { summary: 'HPA is running at max replicas', description: `HPA ${name(hpa)} has been running at max replicas for longer than expected.` },
    })),
};

/** The autoscaler wants another number than it has, and cannot get there: no metrics, no requests, no target. */
function isReplicasMismatch(hpa: Workload): boolean {
  const isBlind = hpa.status?.conditions?.some((one) => (one.type === 'ScalingActive' || one.type === 'AbleToScale') && one.status === 'False' && one.reason !== 'ScalingDisabled') ?? false;
  const isApart = count(hpa.status, 'desiredReplicas') !== count(hpa.status, 'currentReplicas');
  return isBlind || (isApart && count(hpa.status, 'currentReplicas') < (hpa.spec.maxReplicas ?? 0));
}

export const hpaReplicasMismatch: Rule = {
  alertname: 'KubeHpaReplicasMismatch',
  severity: 'warning',
  // a new autoscaler has no figures for its first rounds
  forMs: 8000,
  active: (view) =>
    view.list('HorizontalPodAutoscaler').filter(isReplicasMismatch).map((hpa) => ({
      labels: labelsOf({ namespace: hpa.metadata.namespace, horizontalpodautoscaler: hpa.metadata.name }),
      annotations: { summary: 'HPA has not matched desired number of replicas.', description: `HPA ${name(hpa)} has not matched the desired number of replicas for longer than expected.` },
    })),
};

export const pdbNotEnoughHealthyPods: Rule = {
  alertname: 'KubePdbNotEnoughHealthyPods',
  severity: 'warning',
  forMs: 5000,
  active: (view) =>
    view
      .list('PodDisruptionBudget')
      .filter((pdb) => count(pdb.status, 'expectedPods') > 0 && count(pdb.status, 'currentHealthy') < count(pdb.status, 'desiredHealthy'))
      .map((pdb) => ({
        labels: labelsOf({ namespace: pdb.metadata.namespace, poddisruptionbudget: pdb.metadata.name }),
        annotations: {
          summary: 'PDB does not have enough healthy pods.',
          description: `PDB ${name(pdb)} expects ${String(count(pdb.status, 'desiredHealthy'))} healthy pods and has ${String(count(pdb.status, 'currentHealthy'))}.`,
        },
      })),
};

function quotaAlerts(quota: Workload, isHit: (ratio: number) => boolean, summary: string): Active[] {
  return Object.entries(quota.status?.hard ?? {}).flatMap(([resource, hard]) => {
    const limit = quantityOf(hard);
    const ratio = quantityOf(quota.status?.used?.[resource] ?? '0') / limit;
    if (!(limit > 0) || !isHit(ratio)) return [];
    const description = `Namespace ${quota.metadata.namespace ?? ''} is using ${String(Math.round(ratio * 100))}% of its ${resource} quota.`;
    return [{ labels: labelsOf({ namespace: quota.metadata.namespace, resourcequota: quota.metadata.name, resource }), annotations: { summary, description } }];
  });
}

export const quotaFullyUsed: Rule = {
  alertname: 'KubeQuotaFullyUsed',
  severity: 'info',
  forMs: 4000,
  active: (view) => view.list('ResourceQuota').flatMap((quota) => quotaAlerts(quota, (ratio) => ratio === 1, 'Namespace quota is fully used.')),
};

export const quotaExceeded: Rule = {
  alertname: 'KubeQuotaExceeded',
  severity: 'warning',
  forMs: 4000,
  active: (view) => view.list('ResourceQuota').flatMap((quota) => quotaAlerts(quota, (ratio) => ratio > 1, 'Namespace quota has exceeded the limits.')),
};

const fullEnough = 0.9;

/** Share of the claim in use, 0 to 1; 0 while it has no volume. */
function usedShare(claim: Claim): number {
  const capacity = quantityOf(claim.status?.capacity?.['storage']);
  const used = quantityOf(claim.metadata.annotations?.[usedAnnotation]);
  return capacity > 0 && used >= 0 ? used / capacity : 0;
}

export const volumeFillingUp: Rule = {
  alertname: 'KubePersistentVolumeFillingUp',
  severity: 'critical',
  forMs: 2000,
  active: (view) =>
    view
      .list('PersistentVolumeClaim')
      .filter((claim) => usedShare(claim) >= fullEnough)
      .map((claim) => ({
        labels: labelsOf({ namespace: claim.metadata.namespace, persistentvolumeclaim: claim.metadata.name }, 'kubelet'),
        annotations: {
          summary: 'PersistentVolume is filling up.',
          description: `The PersistentVolume claimed by ${claim.metadata.name} in Namespace ${claim.metadata.namespace ?? ''} is only ${String(Math.max(0, Math.round((1 - usedShare(claim)) * 100)))}% free.`,
        },
      })),
};

/** A claim that waits for its first pod is not in trouble. */
function isClaimStuck(claim: Claim, waitsForPod: boolean): boolean {
  return claim.status?.phase !== 'Bound' && !claim.metadata.deletionTimestamp && !waitsForPod;
}

export const claimPending: Rule = {
  alertname: 'KubePersistentVolumeClaimPending',
  severity: 'warning',
  forMs: 5000,
  active: (view) =>
    view
      .list('PersistentVolumeClaim')
      .filter((claim) => {
        const storageClass = claim.spec.storageClassName ? view.get('StorageClass', undefined, claim.spec.storageClassName) : undefined;
        const isUnused = !view.list('Pod', claim.metadata.namespace).some((pod) => pod.spec.volumes?.some((one) => one.persistentVolumeClaim?.claimName === claim.metadata.name));
        return isClaimStuck(claim, storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && isUnused);
      })
      .map((claim) => ({
        labels: labelsOf({ namespace: claim.metadata.namespace, persistentvolumeclaim: claim.metadata.name }),
        annotations: { summary: 'PersistentVolumeClaim is not bound.', description: `PersistentVolumeClaim ${name(claim)} has been pending for longer than expected.` },
      })),
};
