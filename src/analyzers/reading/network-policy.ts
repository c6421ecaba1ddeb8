import { selects, type KubeObject, type World } from '../../domain/kube.js';

interface Peer {
  podSelector?: Parameters<typeof selects>[0];
  namespaceSelector?: Parameters<typeof selects>[0];
  ipBlock?: { cidr: string; except?: string[] };
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port?: number | string; endPort?: number; protocol?: string }[];
}

export interface Flow {
  from: KubeObject;
  to: KubeObject;
  port?: number;
}

/**
 * The NetworkPolicies that forbid a flow: on each side, policies that select the pod isolate it, and one rule of any
 * of them must allow the peer and port (policies only add). Empty = the flow is allowed.
 */
export function policiesAgainst(world: World, flow: Flow): KubeObject[] {
  return [...blocking(world, flow, 'Egress'), ...blocking(world, flow, 'Ingress')];
}

function blocking(world: World, flow: Flow, direction: 'Ingress' | 'Egress'): KubeObject[] {
  const subject = direction === 'Egress' ? flow.from : flow.to;
  const peer = direction === 'Egress' ? flow.to : flow.from;
  const isolating = world
    .list('NetworkPolicy', subject.metadata.namespace)
    .filter((p) => selects(p.spec?.podSelector ?? {}, subject.metadata.labels) && typesOf(p).includes(direction));
  const isAllowed = isolating.some((p) => rulesOf(p, direction).some((rule) => allows(world, rule, peer, p, flow, direction)));
  return isAllowed ? [] : isolating;
}

const typesOf = (p: KubeObject): string[] => p.spec?.policyTypes ?? (p.spec?.egress ? ['Ingress', 'Egress'] : ['Ingress']);
const rulesOf = (p: KubeObject, direction: 'Ingress' | 'Egress'): Rule[] => (direction === 'Ingress' ? p.spec?.ingress : p.spec?.egress) ?? [];

function allows(world: World, rule: Rule, peer: KubeObject, policy: KubeObject, flow: Flow, direction: 'Ingress' | 'Egress'): boolean {
  const peers = direction === 'Ingress' ? rule.from : rule.to;
  const isPeer = !peers?.length || peers.some((one) => isSelected(world, one, peer, policy));
  const isPort = !rule.ports?.length || flow.port === undefined || rule.ports.some((p) => matchesPort(p, flow.port!, flow.to));
  return isPeer && isPort;
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

function matchesPort(rule: { port?: number | string; endPort?: number }, port: number, pod: KubeObject): boolean {
  if (rule.port === undefined) return true;
  if (typeof rule.port === 'number') return port >= rule.port && port <= (rule.endPort ?? rule.port);
  const containers: { ports?: { name?: string; containerPort: number }[] }[] = pod.spec?.containers ?? [];
  return containers.some((c) => c.ports?.some((p) => p.name === rule.port && p.containerPort === port));
}
