import { selects, type KubeObject, type World } from './kube.js';

interface Peer {
  podSelector?: Parameters<typeof selects>[0];
  namespaceSelector?: Parameters<typeof selects>[0];
  ipBlock?: { cidr: string; except?: string[] };
}
interface PortRule {
  port?: number | string;
  endPort?: number;
  protocol?: string;
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: PortRule[];
}

export type Direction = 'Ingress' | 'Egress';

/** One connection between two pods. `port` is the destination pod's own; an unknown port or protocol is not held against a rule. */
export interface Flow {
  from: KubeObject;
  to: KubeObject;
  port?: number;
  protocol?: string;
}

/**
 * The NetworkPolicies that forbid a flow: on each side, policies that select the pod isolate it, and one rule of any
 * of them must allow the peer and port (policies only add). Empty = the flow is allowed.
 */
export function policiesAgainst(world: World, flow: Flow): KubeObject[] {
  return [...policiesBlocking(world, flow, 'Egress'), ...policiesBlocking(world, flow, 'Ingress')];
}

/** Those of one side: of the source for egress, of the destination for ingress. */
export function policiesBlocking(world: World, flow: Flow, direction: Direction): KubeObject[] {
  const subject = direction === 'Egress' ? flow.from : flow.to;
  const peer = direction === 'Egress' ? flow.to : flow.from;
  const isolating = policiesIsolating(world, subject, direction);
  const isAllowed = isolating.some((p) => rulesOf(p, direction).some((rule) => allows(world, rule, peer, p, flow, direction)));
  return isAllowed ? [] : isolating;
}

export const policiesIsolating = (world: World, pod: KubeObject, direction: Direction): KubeObject[] =>
  policiesSelecting(world, pod).filter((p) => typesOf(p).includes(direction));

export const policiesSelecting = (world: World, pod: KubeObject): KubeObject[] =>
  world.list('NetworkPolicy', pod.metadata.namespace).filter((p) => selects(p.spec?.podSelector ?? {}, pod.metadata.labels));

/** Does it let anything through, in either direction? */
export const allowsAnything = (p: KubeObject): boolean =>
  (['Ingress', 'Egress'] as const).some((direction) => typesOf(p).includes(direction) && rulesOf(p, direction).length > 0);

const typesOf = (p: KubeObject): string[] => p.spec?.policyTypes ?? (p.spec?.egress ? ['Ingress', 'Egress'] : ['Ingress']);
const rulesOf = (p: KubeObject, direction: Direction): Rule[] => (direction === 'Ingress' ? p.spec?.ingress : p.spec?.egress) ?? [];

function allows(world: World, rule: Rule, peer: KubeObject, policy: KubeObject, flow: Flow, direction: Direction): boolean {
  const peers = direction === 'Ingress' ? rule.from : rule.to;
  const isPeer = !peers?.length || peers.some((one) => isSelected(world, one, peer, policy));
  return isPeer && (!rule.ports?.length || rule.ports.some((p) => matchesPort(p, flow)));
}

function isSelected(world: World, peer: Peer, pod: KubeObject, policy: KubeObject): boolean {
  // whether an address block covers a pod is the CNI's business; the open block is the one that surely does
  if (peer.ipBlock) return ['0.0.0.0/0', '::/0'].includes(peer.ipBlock.cidr) && !peer.ipBlock.except?.length;
  const isNamespace = peer.namespaceSelector
    ? selects(peer.namespaceSelector, namespaceLabels(world, pod.metadata.namespace))
    : pod.metadata.namespace === policy.metadata.namespace;
  return isNamespace && (peer.podSelector === undefined || selects(peer.podSelector, pod.metadata.labels));
}

const namespaceLabels = (world: World, namespace = ''): Record<string, string> => ({
  'kubernetes.io/metadata.name': namespace,
  ...world.get('Namespace', undefined, namespace)?.metadata.labels,
});

function matchesPort(rule: PortRule, { port, protocol, to }: Flow): boolean {
  if (protocol !== undefined && (rule.protocol ?? 'TCP') !== protocol) return false;
  if (rule.port === undefined || port === undefined) return true;
  return typeof rule.port === 'number' ? port >= rule.port && port <= (rule.endPort ?? rule.port) : isNamed(to, rule.port, port);
}

function isNamed(pod: KubeObject, name: string, port: number): boolean {
  const containers: { ports?: { name?: string; containerPort: number }[] }[] = pod.spec?.containers ?? [];
  return containers.some((c) => c.ports?.some((p) => p.name === name && p.containerPort === port));
}
