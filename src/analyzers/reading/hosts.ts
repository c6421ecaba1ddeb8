import { COMPLAINT } from '../../domain/complaint.js';
import type { Evidence } from '../../domain/evidence.js';
import { referencesIn, type HostReference, type Reference } from '../../domain/hosts.js';
import type { KubeObject, World } from '../../domain/kube.js';
import { eventsOf } from './container-trouble.js';

/** Hosts in log lines and probe events that speak of a failed connection. */
export function hostsOfComplaints(pods: readonly KubeObject[], evidence: Evidence, world: World): HostReference[] {
  return pods.flatMap((pod) => {
    const namespace = pod.metadata.namespace ?? 'default';
    const lines = [
      ...evidence.logs.filter((l) => l.pod === pod.metadata.name).flatMap((l) => l.lines),
      ...eventsOf(pod, evidence.events).filter((e) => e.type === 'Warning').map((e) => e.message),
    ].filter((line) => COMPLAINT.test(line));
    return lines.flatMap((line) => complainedOf(line, namespace, world).map((r) => ({ ...r, from: 'log' as const, isComplained: true, quote: line.slice(0, 160) })));
  });
}

/** Addresses first; only a line without any is searched for words that happen to be names of Services. */
function complainedOf(line: string, namespace: string, world: World): Reference[] {
  const all = referencesIn(line, namespace);
  const addressed = all.filter((r) => r.port !== undefined || isNamedAsHost(line, r.host));
  return addressed.length > 0 ? addressed : all.filter((r) => world.get('Service', r.namespace, r.service));
}

/** `lookup db`, `ENOTFOUND db`, `host name "db"`, `http://db/`: the wordings of resolvers and clients. */
function isNamedAsHost(line: string, host: string): boolean {
  const before = line.slice(0, Math.max(0, line.search(new RegExp(`(?<![\\w.-])${host.replaceAll('.', '\\.')}(?![\\w-])`, 'i'))));
  return /(?:lookup|ENOTFOUND|EAI_AGAIN|getaddrinfo|hostname|host name|could not resolve|resolve host|:\/\/(?:[^@/\s]*@)?)[\s:"'`]*$/i.test(before);
}
