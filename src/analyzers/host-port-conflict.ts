import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson, patchOf } from './reading/person.js';
import { pendingBy, type PendingPod } from './reading/placement.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { containersOf } from './reading/rollout.js';

/** One pod per node and host port: more replicas than nodes, or another application on the same port. */
export const hostPortConflict = defineAnalyzer({
  id: 'host_port_conflict',
  summary: 'A pod wants a port of its node that another pod has on every node.',
  looksAt: ['pods', 'nodes', 'deployments', 'events'],
  diagnose: (evidence, world) => pendingBy('ports', evidence, world).flatMap((p) => findingOf(p, world)),
});

const hostPortsOf = (pod: KubeObject): number[] => containersOf(pod).flatMap((c) => (c.ports ?? []) as { hostPort?: number }[]).flatMap((p) => p.hostPort ?? []);

function findingOf({ workload, pod, message, open }: PendingPod, world: World): Finding[] {
  const ports = hostPortsOf(pod);
  if (ports.length === 0) return [];
  const nodes = new Set(open.map((n) => n.metadata.name));
  const holders = world.list('Pod').filter((p) => nodes.has(p.spec?.nodeName) && hostPortsOf(p).some((port) => ports.includes(port)));
  const owners = [...new Set(holders.map((p) => world.topOwnerOf(p)))];
  const isItself = owners.length > 0 && owners.every((o) => o.metadata.uid === workload.metadata.uid);
  return [
    forPerson({
      analyzer: 'host_port_conflict',
      cause: isItself ? 'pending.more_replicas_than_ports' : 'pending.host_port',
      summary: `${nameOf(workload)} wants host port ${ports.join(', ')}, which ${isItself ? 'its own pods have' : owners.map(nameOf).slice(0, 3).join(', ') || 'another pod has'} on all ${open.length} nodes that it may run on`,
      target: targetOf(workload),
      evidence: [cut(`pod ${pod.metadata.name}: ${message}`), cut(`held by ${holders.map((p) => `${p.metadata.name} on ${p.spec.nodeName}`).slice(0, 4).join(', ') || 'a pod that was not read whole'}`)],
      confidence: 0.92,
      edit: isItself && workload.spec?.replicas > open.length ? patchOf(workload, { spec: { replicas: open.length } }) : withoutHostPorts(workload, pod),
    }),
  ];
}

function withoutHostPorts(workload: KubeObject, pod: KubeObject): string {
  const containers: { ports?: { hostPort?: number }[] }[] = pod.spec?.containers ?? [];
  const removals = containers.flatMap((c, i) => (c.ports ?? []).flatMap((p, j) => (p.hostPort === undefined ? [] : [{ op: 'remove', path: `/spec/template/spec/containers/${i}/ports/${j}/hostPort` }])));
  return `${patchOf(workload, removals, 'json')}   # and reach it through a Service instead`;
}
