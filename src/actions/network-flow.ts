import { podsOf, selects, type KubeObject, type World } from '../domain/kube.js';
import { policiesBlocking, policiesIsolating, type Direction } from '../domain/network-policy.js';
import { isFinished } from './pod.js';

/** What should be able to talk: all pods of one workload to one port of all pods of another. */
export interface WantedFlow {
  from: KubeObject;
  to: KubeObject;
  /** The port of the pods, not of a Service in front of them. */
  port: number;
  protocol: string;
}

export const DIRECTIONS: readonly Direction[] = ['Egress', 'Ingress'];

/** Whose pods a policy of this direction selects. */
export const subjectOf = (flow: WantedFlow, direction: Direction): KubeObject => (direction === 'Egress' ? flow.from : flow.to);
export const peerOf = (flow: WantedFlow, direction: Direction): KubeObject => (direction === 'Egress' ? flow.to : flow.from);

export const livePodsOf = (world: World, workload: KubeObject): KubeObject[] => podsOf(world, workload).filter((p) => !p.metadata.deletionTimestamp && !isFinished(p));

/** Policies that keep any pod of the one from any pod of the other, on this side. */
export function blockedBy(world: World, flow: WantedFlow, direction: Direction): KubeObject[] {
  const { port, protocol } = flow;
  const pairs = livePodsOf(world, flow.from).flatMap((from) => livePodsOf(world, flow.to).map((to) => ({ from, to, port, protocol })));
  return [...new Set(pairs.flatMap((pair) => policiesBlocking(world, pair, direction)))];
}

/** The sides on which an allowance is missing. Both ends have pods, else nothing is known. */
export const blockedSides = (world: World, flow: WantedFlow): Direction[] => DIRECTIONS.filter((d) => blockedBy(world, flow, d).length > 0);

/**
 * A pod that no other policy isolates in this direction. An allow policy isolates whatever it selects: it would cut such a
 * pod off from everything else.
 */
export const unisolatedPod = (world: World, flow: WantedFlow, direction: Direction, own: readonly string[] = []): KubeObject | undefined =>
  selectedBy(world, subjectOf(flow, direction)).find((pod) => policiesIsolating(world, pod, direction).every((p) => own.includes(p.metadata.name)));

/** The pods that a policy with the workload's own selector is about. */
export const selectedBy = (world: World, workload: KubeObject): KubeObject[] =>
  world.list('Pod', workload.metadata.namespace).filter((p) => p.metadata.uid !== undefined && !p.metadata.deletionTimestamp && !isFinished(p) && selects(workload.spec?.selector, p.metadata.labels));

/** The narrow addition: one selector, one peer, one port, in one direction. */
export function allowance(flow: WantedFlow, direction: Direction, metadata: KubeObject['metadata']): KubeObject {
  const peer = peerOf(flow, direction);
  const peers = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': peer.metadata.namespace } }, podSelector: peer.spec.selector }];
  const ports = [{ port: flow.port, protocol: flow.protocol }];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { ...metadata, namespace: subjectOf(flow, direction).metadata.namespace! },
    spec: {
      podSelector: subjectOf(flow, direction).spec.selector,
      policyTypes: [direction],
      ...(direction === 'Egress' ? { egress: [{ to: peers, ports }] } : { ingress: [{ from: peers, ports }] }),
    },
  };
}
