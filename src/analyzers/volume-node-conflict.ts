import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson } from './reading/person.js';
import { pendingBy, type PendingPod } from './reading/placement.js';
import { claimNamesOf } from './reading/claims.js';
import { nameOf, targetOf } from './reading/proposals.js';

/** A volume lives in one zone, or on one node: a pod that may not run there never gets it. */
export const volumeNodeConflict = defineAnalyzer({
  id: 'volume_node_conflict',
  summary: 'A pod is bound to a volume of a zone or node that it may not run in.',
  looksAt: ['pods', 'persistentvolumeclaims', 'persistentvolumes', 'nodes'],
  diagnose: (evidence, world) => pendingBy('volume', evidence, world).map((p) => findingOf(p, world)),
});

interface Term {
  matchExpressions?: { key: string; values?: string[] }[];
}

const homeOf = (volume: KubeObject): string =>
  ((volume.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []) as Term[]).flatMap((t) => t.matchExpressions ?? []).map((e) => `${e.key} in (${(e.values ?? []).join(', ')})`).join(' and ');

function findingOf({ workload, pod, message, wanted }: PendingPod, world: World): Finding {
  const claims = claimNamesOf(pod).flatMap((name) => world.get('PersistentVolumeClaim', pod.metadata.namespace, name) ?? []);
  const pairs = claims.flatMap((claim) => {
    const volume = world.get('PersistentVolume', undefined, claim.spec?.volumeName ?? '');
    return volume && homeOf(volume) ? [{ claim, volume }] : [];
  });
  const told = pairs.map(({ claim, volume }) => `${nameOf(claim)} is on ${volume.metadata.name}, which is only in ${homeOf(volume)}`);
  return forPerson({
    analyzer: 'volume_node_conflict',
    cause: 'volume.other_zone',
    summary: `${nameOf(workload)} cannot run where its volume is: ${told[0] ?? 'its volume is bound to other nodes'}`,
    target: targetOf(workload),
    evidence: [cut(`pod ${pod.metadata.name}: ${message}`), ...told.map((t) => cut(t)), cut(`nodes it may run on: ${wanted.map((n) => n.metadata.name).join(', ')}`)],
    confidence: 0.92,
    edit: `kubectl get pv ${pairs[0]?.volume.metadata.name ?? 'VOLUME'} -o yaml   # bring a node of that zone back, or let the pod go there (its selector), or restore the data from a backup in the other zone; never delete the claim`,
  });
}
