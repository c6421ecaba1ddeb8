import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { bytesOf } from '../domain/quantity.js';
import { defineAnalyzer } from './define.js';
import { cut, eventsOf } from './reading/container-trouble.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { livePodsOf, workloadsInScope } from './reading/scene.js';

const FULL = /(persistent)?volume.*(fill|full|space|usage)|disk.*full|pvc.*(fill|full)/i;
const GI = 2 ** 30;

/** Claims that wait for ever, or are (nearly) full. The catalogue's write for it has no inverse, so a person decides. */
export const volumeClaim = defineAnalyzer({
  id: 'volume_claim',
  summary: 'A persistent volume claim is Pending, Lost or full.',
  looksAt: ['persistentvolumeclaims', 'storageclasses', 'pods', 'events'],
  diagnose: (evidence, world) => claimsInScope(evidence, world).flatMap((claim) => findingOf(claim, evidence, world)),
});

function claimsInScope(evidence: Evidence, world: World): KubeObject[] {
  if (evidence.object?.kind === 'PersistentVolumeClaim') return [evidence.object];
  const pods = workloadsInScope(evidence, world).flatMap((w) => livePodsOf(world, w));
  const names = pods.flatMap((p) =>
    (p.spec?.volumes ?? []).flatMap((v: { persistentVolumeClaim?: { claimName: string } }) =>
      v.persistentVolumeClaim ? [`${p.metadata.namespace}/${v.persistentVolumeClaim.claimName}`] : [],
    ),
  );
  return world.list('PersistentVolumeClaim').filter((c) => names.includes(`${c.metadata.namespace}/${c.metadata.name}`));
}

function findingOf(claim: KubeObject, evidence: Evidence, world: World): Finding[] {
  const base = { analyzer: 'volume_claim', target: targetOf(claim), proposals: [], conclusion: 'needs_person' as const };
  const phase = claim.status?.phase;
  if (phase === 'Lost') {
    return [{ ...base, cause: 'volume.lost', summary: `${nameOf(claim)} lost its volume`, evidence: ['status.phase is Lost'], confidence: 0.9, edit: `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}` }];
  }
  if (phase === 'Pending') return pending(claim, evidence, world, base);
  const alert = evidence.problems.find((p) => FULL.test(p.alert) && (p.labels['persistentvolumeclaim'] ?? claim.metadata.name) === claim.metadata.name);
  return alert ? [full(claim, alert.alert, world, base)] : [];
}

type Base = Pick<Finding, 'analyzer' | 'target' | 'proposals' | 'conclusion'>;

function pending(claim: KubeObject, evidence: Evidence, world: World, base: Base): Finding[] {
  const name: string | undefined = claim.spec?.storageClassName;
  const classes = world.list('StorageClass');
  const event = eventsOf(claim, evidence.events).filter((e) => e.type === 'Warning').at(-1);
  const told = event ? [cut(`${event.reason}: ${event.message}`)] : [];
  const waiting = { ...base, evidence: [`status.phase is Pending, storageClassName ${name ?? '(default)'}`, ...told], confidence: 0.93 };
  if (isUnknownClass(name, classes, event?.message)) return [withUnknownClass(claim, waiting, name, classes)];
  // a claim that waits for its first consumer is in good order
  if (!event) return [];
  return [{ ...waiting, cause: 'volume.provisioning', summary: `${nameOf(claim)} cannot be provisioned`, edit: `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}` }];
}

const isUnknownClass = (name: string | undefined, classes: KubeObject[], message = ''): boolean =>
  /storageclass[^"]*"[^"]*" not found/i.test(message) || (classes.length > 0 && !!name && !classes.some((c) => c.metadata.name === name));

function withUnknownClass(claim: KubeObject, waiting: Base & Pick<Finding, 'evidence' | 'confidence'>, name: string | undefined, classes: KubeObject[]): Finding {
  const known = classes.map((c) => c.metadata.name).join(', ');
  return {
    ...waiting,
    cause: 'volume.unknown_class',
    summary: `${nameOf(claim)} waits for the storage class ${name}, which does not exist`,
    evidence: [...waiting.evidence, ...(known ? [`known classes: ${cut(known, 120)}`] : [])],
    edit: `kubectl get storageclass   # the class of a claim cannot be edited: create ${name}, or delete and re-create the claim with ${classes[0]?.metadata.name ?? 'a known class'}`,
  };
}

const capacityOf = (claim: KubeObject): string => claim.status?.capacity?.storage ?? '?';
const requestOf = (claim: KubeObject): string => claim.spec?.resources?.requests?.storage ?? '?';

function full(claim: KubeObject, alert: string, world: World, base: Base): Finding {
  const className: string = claim.spec?.storageClassName ?? '(none)';
  const size = requestOf(claim);
  const canGrow = world.get('StorageClass', undefined, className)?.allowVolumeExpansion === true;
  const next = `${Math.max(1, Math.ceil((bytesOf(size) * 1.5) / GI))}Gi`;
  return {
    ...base,
    cause: canGrow ? 'volume.full' : 'volume.full_fixed_size',
    summary: `${nameOf(claim)} (${size}) is filling up; its class ${className} ${canGrow ? 'can' : 'cannot'} expand it`,
    evidence: [`alert ${cut(alert, 80)}`, `requested ${size}, capacity ${capacityOf(claim)}`, `allowVolumeExpansion ${canGrow}`],
    confidence: 0.9,
    edit: canGrow
      ? `kubectl patch pvc ${claim.metadata.name} -n ${claim.metadata.namespace} --type=merge -p '{"spec":{"resources":{"requests":{"storage":"${next}"}}}}'`
      : `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}   # free space, or move to a larger volume`,
  };
}
