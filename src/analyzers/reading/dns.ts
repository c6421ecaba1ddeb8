import type { Evidence } from '../../domain/evidence.js';
import { podsOf, type KubeObject, type World } from '../../domain/kube.js';
import { policiesIsolating } from '../../domain/network-policy.js';
import { logLinesOf } from './scene.js';

const NAMES = ['coredns', 'kube-dns'];

/** The cluster's name service, by the label that its add-on has everywhere, or by its usual names. */
export const dnsOf = (world: World): KubeObject | undefined =>
  world.list('Deployment', 'kube-system').find((d) => d.metadata.labels?.['k8s-app'] === 'kube-dns' || NAMES.includes(d.metadata.name));

export const isDns = (o: KubeObject, world: World): boolean => dnsOf(world)?.metadata.uid === o.metadata.uid;

export const dnsPods = (world: World): KubeObject[] => {
  const dns = dnsOf(world);
  return dns ? podsOf(world, dns) : [];
};

/** The name service did not answer, or answered that it cannot: `no such host` is an answer. */
const SILENT = /lookup \S+.*(?:i\/o timeout|server misbehaving|connection refused|no route to host)|temporary failure in name resolution|EAI_AGAIN|could not resolve host|resolving timed out/i;

/** The newest line in which a pod says that names do not resolve. */
export function silenceIn(pods: readonly KubeObject[], evidence: Evidence): string | undefined {
  for (const pod of pods) {
    const line = logLinesOf(evidence, pod).reverse().find((l) => SILENT.test(l));
    if (line) return line;
  }
  return undefined;
}

interface Rule {
  ports?: { port?: number | string; endPort?: number }[];
}

/** Egress policies that isolate a pod and none of which lets port 53 out; empty = names can be asked for. */
export function policiesAgainstDns(world: World, pod: KubeObject): KubeObject[] {
  const isolating = policiesIsolating(world, pod, 'Egress');
  const isOpen = isolating.flatMap((p) => (p.spec?.egress ?? []) as Rule[]).some((rule) => !rule.ports?.length || rule.ports.some(isDnsPort));
  return isOpen ? [] : isolating;
}

/** CoreDNS may listen on another port behind its Service; a name is taken for the right one. */
const isDnsPort = ({ port, endPort }: { port?: number | string; endPort?: number }): boolean =>
  port === undefined || (typeof port === 'string' ? /dns/.test(port) : port === 53 || port === 5353 || (port < 53 && (endPort ?? port) >= 53));
