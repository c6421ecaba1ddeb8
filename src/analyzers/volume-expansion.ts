import type { Evidence } from '../domain/evidence.js';
import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { bytesOf } from '../domain/quantity.js';
import { defineAnalyzer } from './define.js';
import { claimsInScope } from './reading/claims.js';
import { cut, eventsOf } from './reading/container-trouble.js';
import { forPerson, patchOf } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';

/** Asked to grow, and its storage refuses: asking for still more would only move the goal away. */
export const volumeExpansion = defineAnalyzer({
  id: 'volume_expansion',
  summary: 'A volume was asked to grow and its storage refuses.',
  looksAt: ['persistentvolumeclaims', 'storageclasses', 'events'],
  diagnose: (evidence, world) => claimsInScope(evidence, world).flatMap((claim) => findingOf(claim, evidence, world)),
});

const REFUSED = ['ControllerResizeInfeasible', 'NodeResizeInfeasible', 'ControllerResizeFailed', 'NodeResizeFailed'];

function findingOf(claim: KubeObject, evidence: Evidence, world: World): Finding[] {
  const { asked, has } = sizesOf(claim);
  const why = bytesOf(asked) > bytesOf(has) ? refusalOf(claim, evidence) : undefined;
  if (why === undefined) return [];
  const canGrow = world.get('StorageClass', undefined, claim.spec?.storageClassName ?? '')?.['allowVolumeExpansion'] === true;
  return [
    forPerson({
      analyzer: 'volume_expansion',
      cause: 'volume.expansion_refused',
      summary: `${nameOf(claim)} has ${has}, was asked to grow to ${asked}, and its storage refuses`,
      target: targetOf(claim),
      evidence: [cut(why), `capacity ${has}, requested ${asked}`, `allowVolumeExpansion of its class is ${canGrow}`],
      confidence: 0.92,
      edit: `${patchOf(claim, { spec: { resources: { requests: { storage: has } } } })}   # takes the request back; then raise the storage's own limit, or free space`,
    }),
  ];
}

const sizesOf = ({ spec, status }: KubeObject): { asked: string; has: string } => ({ asked: spec?.resources?.requests?.storage ?? '0', has: status?.capacity?.storage ?? '0' });

function refusalOf(claim: KubeObject, { events }: Evidence): string | undefined {
  const status: string | undefined = claim.status?.allocatedResourceStatuses?.storage;
  if (status && REFUSED.includes(status)) return `allocatedResourceStatuses.storage is ${status}`;
  const condition = ['ControllerResizeError', 'NodeResizeError'].map((type) => conditionOf(claim, type)).find((c) => c?.status === 'True');
  if (condition) return `${condition.type}: ${condition.message ?? ''}`;
  const event = eventsOf(claim, events).filter((e) => ['VolumeResizeFailed', 'FileSystemResizeFailed', 'ExternalExpandingFailed'].includes(e.reason)).at(-1);
  return event && `${event.reason}: ${event.message}`;
}
