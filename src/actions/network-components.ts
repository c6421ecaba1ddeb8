import type { KubeObject, ObjectRef } from '../domain/kube.js';

export type Component = 'coredns' | 'kube-proxy' | 'cni' | 'ingress';
type Kind = 'Deployment' | 'DaemonSet';

interface Known {
  kinds: readonly Kind[];
  /** As their projects' own manifests and charts name them; the first is meant where nothing says otherwise. */
  names: readonly string[];
  namespaces: readonly string[];
  /** What an alert about it speaks of. */
  alerts: RegExp;
}

/** The allow-list of restart_network: nothing that is not on it is ever touched in a protected namespace. */
export const NETWORK_COMPONENTS: Readonly<Record<Component, Known>> = {
  coredns: { kinds: ['Deployment'], names: ['coredns', 'kube-dns'], namespaces: ['kube-system'], alerts: /dns/i },
  'kube-proxy': { kinds: ['DaemonSet'], names: ['kube-proxy'], namespaces: ['kube-system'], alerts: /kube-?proxy|iptables|ipvs|conntrack/i },
  cni: {
    kinds: ['DaemonSet'],
    names: ['calico-node', 'canal', 'cilium', 'kube-flannel-ds', 'kube-flannel', 'aws-node', 'weave-net', 'antrea-agent', 'kindnet', 'kube-router', 'azure-cns', 'ovnkube-node'],
    namespaces: ['kube-system', 'calico-system', 'cilium', 'kube-flannel', 'ovn-kubernetes'],
    alerts: /cni|calico|canal|cilium|flannel|aws-?node|weave|antrea|kindnet|ovn|network|pod-?sandbox/i,
  },
  ingress: {
    kinds: ['Deployment', 'DaemonSet'],
    names: ['ingress-nginx-controller', 'nginx-ingress-controller', 'traefik', 'haproxy-ingress', 'kubernetes-ingress', 'envoy', 'contour'],
    namespaces: ['ingress-nginx', 'nginx-ingress', 'traefik', 'haproxy-controller', 'ingress-haproxy', 'projectcontour', 'kube-system'],
    alerts: /ingress|nginx|traefik|haproxy|contour|envoy/i,
  },
};

const entries = Object.entries(NETWORK_COMPONENTS) as [Component, Known][];

type Located = Pick<ObjectRef, 'kind' | 'namespace' | 'name'>;

export const componentOf = ({ kind, namespace, name }: Located): Component | undefined =>
  entries.find(([, k]) => k.kinds.includes(kind as Kind) && k.names.includes(name) && k.namespaces.includes(namespace ?? ''))?.[0];

/** What is meant where only the component is named and the proposal is about none of its objects. */
export function usualRef(component: Component): ObjectRef {
  const { kinds, names, namespaces } = NETWORK_COMPONENTS[component];
  return { apiVersion: 'apps/v1', kind: kinds[0]!, namespace: namespaces[0]!, name: names[0]! };
}

export const isOfComponent = (o: KubeObject): boolean => o.apiVersion === 'apps/v1' && componentOf({ kind: o.kind, namespace: o.metadata.namespace, name: o.metadata.name }) !== undefined;

export const namesOfKind = (kind: Kind): string[] => [...new Set(entries.filter(([, k]) => k.kinds.includes(kind)).flatMap(([, k]) => k.names))];
