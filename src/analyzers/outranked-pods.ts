import { isNodeReady, type KubeObject, type World } from '../domain/kube.js';
import { podsOn } from '../domain/node-match.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { freeOn, lacking, requestsOf } from './reading/node-room.js';
import { forPerson, templatePatch } from './reading/person.js';
import { pendingBy, type PendingPod } from './reading/placement.js';
import { nameOf, targetOf } from './reading/proposals.js';

/** Pods of higher priority took the place: without them it would fit. Who goes first is the owners' business. */
export const outrankedPods = defineAnalyzer({
  id: 'outranked_pods',
  summary: 'Pods of higher priority hold the room that a pod needs, or pushed it off its node.',
  looksAt: ['pods', 'nodes', 'deployments', 'events'],
  diagnose: (evidence, world) => pendingBy('capacity', evidence, world).flatMap((p) => findingOf(p, world)),
});

const priorityOf = (pod: KubeObject): number => pod.spec?.priority ?? 0;

function findingOf({ workload, pod, message, open }: PendingPod, world: World): Finding[] {
  const own = priorityOf(pod);
  const asked = requestsOf(pod);
  const isAbove = (p: KubeObject): boolean => priorityOf(p) > own;
  const node = open.filter(isNodeReady).find((n) => podsOn(world, n).some(isAbove) && lacking(asked, freeOn(world, n, (p) => !isAbove(p))).length === 0);
  if (!node) return [];
  const above = podsOn(world, node).filter((p) => isAbove(p) && !isOfSystem(p));
  const holder = above.sort((a, b) => priorityOf(b) - priorityOf(a))[0];
  if (!holder) return [];
  const owner = world.topOwnerOf(holder);
  const className: string | undefined = holder.spec?.priorityClassName;
  return [
    forPerson({
      analyzer: 'outranked_pods',
      cause: 'pending.outranked',
      summary: `${nameOf(workload)} (priority ${own}) has no room because pods of higher priority hold it: ${nameOf(owner)} (priority ${priorityOf(holder)}) on node ${node.metadata.name}`,
      target: targetOf(workload),
      evidence: [cut(`pod ${pod.metadata.name}: ${message}`), `${above.length} pods of higher priority on node ${node.metadata.name}; without them it would fit`],
      confidence: 0.93,
      edit: `kubectl get priorityclass   # then give it the same rank: ${templatePatch(workload, { priorityClassName: className ?? 'CLASS' })}   # or add a node`,
    }),
  ];
}

/** The cluster's own pods stand above all others by design. */
const isOfSystem = (pod: KubeObject): boolean => /^system-/.test(pod.spec?.priorityClassName ?? '') || pod.metadata.namespace === 'kube-system';
