import type { KubeObject } from '../../src/domain/kube.js';

const LAST = 'kubectl.kubernetes.io/last-applied-configuration';

/** Fields a server fills in once and then refuses to see missing. */
const KEPT_SPEC: Record<string, string[]> = {
  PersistentVolumeClaim: ['volumeName', 'storageClassName', 'volumeMode', 'accessModes'],
  PersistentVolume: ['claimRef'],
  Job: ['selector'],
  Pod: ['nodeName', 'serviceAccountName', 'tolerations', 'volumes'],
  Node: ['podCIDR', 'podCIDRs', 'taints'],
};

/**
 * What a second `apply` of a manifest makes of a live object: the manifest's own fields, the labels and annotations of
 * others, the replicas an autoscaler chose, the fields a server filled in.
 */
export function replacementOf(manifest: KubeObject, live: KubeObject): KubeObject {
  const spec: unknown = manifest.spec === undefined ? live.spec : { ...kept(live), ...manifest.spec };
  const { [LAST]: _last, ...annotations } = live.metadata.annotations ?? {};
  return {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      uid: live.metadata.uid,
      resourceVersion: live.metadata.resourceVersion,
      ...(live.metadata.finalizers ? { finalizers: live.metadata.finalizers } : {}),
      ...(live.metadata.ownerReferences ? { ownerReferences: live.metadata.ownerReferences } : {}),
      labels: { ...live.metadata.labels, ...manifest.metadata.labels },
      annotations: { ...annotations, ...manifest.metadata.annotations },
    },
    ...(spec === undefined ? {} : { spec }),
    ...(live.status === undefined ? {} : { status: live.status as unknown }),
  };
}

function kept(live: KubeObject): Record<string, unknown> {
  const spec = (live.spec ?? {}) as Record<string, unknown>;
  const names = [...(KEPT_SPEC[live.kind] ?? []), 'replicas'].filter((name) => spec[name] !== undefined);
  const template = live.kind === 'Job' ? { template: spec['template'] } : {};
  return { ...Object.fromEntries(names.map((name) => [name, spec[name]])), ...template };
}
