import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { eventsOf } from './reading/container-trouble.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { mounts } from './reading/scene.js';

/** A class may bind with the first pod only: a claim that nobody uses yet waits in good order. */
export const volumeConsumer = defineAnalyzer({
  id: 'volume_consumer',
  summary: 'A claim is Pending because its class waits for a first pod, and none uses it.',
  looksAt: ['persistentvolumeclaims', 'storageclasses', 'pods', 'events'],
  diagnose({ object: claim, events }, world): Finding[] {
    if (claim?.kind !== 'PersistentVolumeClaim' || claim.status?.phase !== 'Pending') return [];
    const storageClass = world.get('StorageClass', undefined, claim.spec.storageClassName);
    const users = world.list('Pod', claim.metadata.namespace).filter((p) => mounts(p, claim.metadata.name));
    const isQuiet = users.length === 0 && !eventsOf(claim, events).some((e) => e.type === 'Warning');
    if (!isQuiet || storageClass?.['volumeBindingMode'] !== 'WaitForFirstConsumer') return [];
    return [
      {
        analyzer: 'volume_consumer',
        cause: 'volume.waits_for_consumer',
        summary: `${nameOf(claim)} waits for the first pod that uses it, as its class ${storageClass.metadata.name} asks; no pod does`,
        target: targetOf(claim),
        evidence: ['status.phase is Pending', `volumeBindingMode of ${storageClass.metadata.name} is WaitForFirstConsumer`, 'no pod mounts it'],
        confidence: 0.85,
        proposals: [],
        conclusion: 'no_action_needed',
        edit: `kubectl delete pvc ${claim.metadata.name} -n ${claim.metadata.namespace}   # only when nobody is going to use it`,
      },
    ];
  },
});
