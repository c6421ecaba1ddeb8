import type { NetworkPolicy, Pod, PolicyPeer, PolicyPort } from './kube-types.js';
import { selectorMatches } from './selectors.js';
import type { ClusterView } from './world.js';

export interface Connection {
  from: Pod;
  to: Pod;
  /** The port on the destination pod, after the Service's translation. */
  port: number;
  protocol: string;
}

const ipNumber = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

function isInBlock(ip: string | undefined, cidr: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/');
  if (bits === '0') return true;
  if (!ip || ip.includes(':') || base.includes(':')) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(ipNumber(ip) / size) === Math.floor(ipNumber(base) / size);
}

function peerMatches(peer: PolicyPeer, other: Pod, policyNamespace: string, view: ClusterView): boolean {
  if (peer.ipBlock) {
    const isExcepted = peer.ipBlock.except?.some((cidr) => isInBlock(other.status?.podIP, cidr)) ?? false;
    return isInBlock(other.status?.podIP, peer.ipBlock.cidr) && !isExcepted;
  }
  const namespace = other.metadata.namespace ?? 'default';
  const isNamespaceMatched = peer.namespaceSelector
    ? selectorMatches(peer.namespaceSelector, view.get('Namespace', undefined, namespace)?.metadata.labels)
    : namespace === policyNamespace;
  return isNamespaceMatched && selectorMatches(peer.podSelector, other.metadata.labels);
}

function portMatches(rule: PolicyPort, connection: Connection): boolean {
  if ((rule.protocol ?? 'TCP') !== connection.protocol) return false;
  if (rule.port === undefined) return true;
  if (typeof rule.port === 'string') {
    return connection.to.spec.containers.some((one) => one.ports?.some((port) => port.name === rule.port && port.containerPort === connection.port));
  }
  return rule.endPort === undefined ? rule.port === connection.port : connection.port >= rule.port && connection.port <= rule.endPort;
}

const isEgress = (policy: NetworkPolicy): boolean => policy.spec.policyTypes?.includes('Egress') ?? policy.spec.egress !== undefined;
const isIngress = (policy: NetworkPolicy): boolean => policy.spec.policyTypes?.includes('Ingress') ?? true;

function rulesOf(policy: NetworkPolicy, direction: 'ingress' | 'egress'): { peers?: PolicyPeer[]; ports?: PolicyPort[] }[] {
  return direction === 'ingress'
    ? (policy.spec.ingress ?? []).map((rule) => ({ peers: rule.from, ports: rule.ports }))
    : (policy.spec.egress ?? []).map((rule) => ({ peers: rule.to, ports: rule.ports }));
}

function isAllowedOneWay(connection: Connection, direction: 'ingress' | 'egress', view: ClusterView): boolean {
  const [self, other] = direction === 'ingress' ? [connection.to, connection.from] : [connection.from, connection.to];
  const namespace = self.metadata.namespace ?? 'default';
  const applying = view
    .list('NetworkPolicy', namespace)
    .filter((policy) => (direction === 'ingress' ? isIngress(policy) : isEgress(policy)))
    .filter((policy) => selectorMatches(policy.spec.podSelector, self.metadata.labels));
  if (applying.length === 0) return true;
  return applying
    .flatMap((policy) => rulesOf(policy, direction))
    .some(
      (rule) =>
        (!rule.peers?.length || rule.peers.some((peer) => peerMatches(peer, other, namespace, view))) &&
        (!rule.ports?.length || rule.ports.some((port) => portMatches(port, connection))),
    );
}

/**
 * Policies are additive: once one selects a pod for a direction, only what some rule allows passes. Name resolution
 * is not simulated, so an egress policy needs no rule for DNS.
 */
export const isConnectionAllowed = (connection: Connection, view: ClusterView): boolean =>
  isAllowedOneWay(connection, 'egress', view) && isAllowedOneWay(connection, 'ingress', view);
