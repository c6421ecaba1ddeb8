import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { allocatableOf, amountText, freeOn, lacking, requestsOf, type Amounts } from './reading/node-room.js';
import { forPerson, inKubectl } from './reading/person.js';
import { pendingBy, type PendingPod } from './reading/placement.js';
import { nameOf, targetOf } from './reading/proposals.js';

/** Nodes that would take the pod have no room for it: which resource, how much is asked for, how much is left. */
export const insufficientCapacity = defineAnalyzer({
  id: 'insufficient_capacity',
  summary: 'No node has room for what a pod requests: too large for any, or the nodes are full.',
  looksAt: ['pods', 'nodes', 'deployments', 'events'],
  diagnose: (evidence, world) => pendingBy('capacity', evidence, world).map((p) => findingOf(p, world)),
});

function findingOf({ workload, pod, message, open }: PendingPod, world: World): Finding {
  const asked = requestsOf(pod);
  const short = shortageOf(asked, message, open, world);
  const isTooLarge = open.every((n) => lacking(asked, allocatableOf(n)).includes(short.resource));
  const text = (amount: number): string => amountText(short.resource, amount);
  const told = `${short.resource}: asks for ${text(asked[short.resource] ?? 0)}, the most that is free is ${text(short.free)} (node ${short.node?.metadata.name ?? '?'}), the largest node has ${text(short.largest)}`;
  return forPerson({
    analyzer: 'insufficient_capacity',
    cause: isTooLarge ? 'capacity.too_large' : 'capacity.full',
    summary: `${nameOf(workload)}: no node has room for its pods; ${told}`,
    target: targetOf(workload),
    evidence: [cut(`pod ${pod.metadata.name}: ${message}`), told, `${open.length} nodes would take it`],
    confidence: 0.92,
    edit: editOf(workload, pod, short.resource, text(isTooLarge ? short.largest : short.free)),
  });
}

interface Shortage {
  resource: string;
  free: number;
  largest: number;
  node: KubeObject | undefined;
}

/** The resource that the scheduler names and that indeed is short; of several the one that most nodes lack. */
function shortageOf(asked: Amounts, message: string, open: readonly KubeObject[], world: World): Shortage {
  const named = [...message.matchAll(/(\d+) Insufficient ([\w./-]+?)(?=[,.]? |[,.]?$)/g)].sort((a, b) => Number(b[1]) - Number(a[1])).map((m) => m[2]!.replace(/[.,]$/, ''));
  const rooms = open.map((node) => ({ node, free: freeOn(world, node) }));
  const resource = named.find((name) => asked[name] !== undefined) ?? (/Too many pods/.test(message) ? 'pods' : (rooms.flatMap((r) => lacking(asked, r.free))[0] ?? 'cpu'));
  const best = [...rooms].sort((a, b) => (b.free[resource] ?? 0) - (a.free[resource] ?? 0))[0];
  return { resource, free: best?.free[resource] ?? 0, node: best?.node, largest: Math.max(0, ...open.map((n) => allocatableOf(n)[resource] ?? 0)) };
}

interface Asking {
  name: string;
  resources?: { requests?: Record<string, string> };
}

function editOf(workload: KubeObject, pod: KubeObject, resource: string, fitting: string): string {
  const containers: Asking[] = pod.spec?.containers ?? [];
  const container = containers.find((c) => c.resources?.requests?.[resource] !== undefined) ?? containers[0];
  if (resource === 'pods') return 'kubectl get nodes -o wide   # every node runs as many pods as it may: add a node, or remove pods';
  return `kubectl set resources ${inKubectl(workload)} -c ${container?.name ?? 'CONTAINER'} --requests=${resource}=${fitting}   # at most that fits now; or add a node`;
}
