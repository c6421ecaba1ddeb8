import type { Evidence } from '../domain/evidence.js';
import { isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { containerStatusesOf, desiredReplicas } from '../domain/status.js';
import { defineAnalyzer } from './define.js';
import { cut, eventsOf } from './reading/container-trouble.js';
import { dnsOf, dnsPods, isDns, policiesAgainstDns, silenceIn } from './reading/dns.js';
import { forPerson, inKubectl } from './reading/person.js';
import { nameOf, restartDns, targetOf } from './reading/proposals.js';
import { livePodsOf, secondsBetween, workloadsInScope } from './reading/scene.js';

const RECENT_S = 3600;

/**
 * Names do not resolve because the name service is down, alone, or keeps failing. Its restart is proposed only where an alert
 * speaks of DNS, two of its pods answer and they keep failing: everything hangs on it.
 */
export const dnsDown = defineAnalyzer({
  id: 'dns_down',
  summary: "The cluster's name service is down, has a single pod, or keeps failing.",
  looksAt: ['deployments', 'pods', 'logs', 'events'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

const WORDS = /dns/i;
const isAboutDns = ({ problems }: Evidence): boolean => problems.some((p) => p.status === 'firing' && [p.alert, ...Object.values(p.labels)].some((text) => WORDS.test(text)));

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const dns = dnsOf(world);
  if (!dns) return [];
  const isItself = isDns(workload, world);
  const pods = livePodsOf(world, workload).filter((p) => !isPodReady(p));
  const line = isItself ? undefined : silenceIn(pods, evidence);
  const isCut = pods.some((p) => policiesAgainstDns(world, p).length > 0);
  if ((!isItself && line === undefined) || isCut) return [];
  return judge({ dns, isItself, workload, line }, evidence, world);
}

interface Case {
  dns: KubeObject;
  isItself: boolean;
  workload: KubeObject;
  line: string | undefined;
}

function judge({ dns, isItself, workload, line }: Case, evidence: Evidence, world: World): Finding[] {
  const ready = dnsPods(world).filter(isPodReady).length;
  const failing = ready < 2 || !isAboutDns(evidence) ? [] : failuresOf(evidence, world);
  const who = isItself ? nameOf(dns) : `${nameOf(workload)} cannot resolve names: ${nameOf(dns)}`;
  const base = { analyzer: 'dns_down', target: targetOf(dns), evidence: [`${ready} of ${desiredReplicas(dns)} pods of ${dns.metadata.name} are Ready`, ...(line ? [cut(`log: ${line}`)] : [])] };
  const look = `kubectl describe ${inKubectl(dns)}; kubectl logs ${inKubectl(dns)} --tail=50`;
  if (ready === 0) {
    // of the name service itself its own trouble says more than that it is down
    return [forPerson({ ...base, cause: 'dns.down', summary: `${who} has no Ready pod`, confidence: isItself ? 0.7 : 0.97, edit: look })];
  }
  if (failing.length > 0) {
    const summary = `${who} keeps failing although ${ready} of its pods are Ready`;
    return [{ ...base, cause: 'dns.failing', summary, evidence: [...base.evidence, ...failing.slice(0, 2)], confidence: 0.9, proposals: [restartDns(dns, 0.9, `its pods keep failing: ${failing[0]}`)] }];
  }
  if (isItself || ready > 1) return [];
  return [forPerson({ ...base, cause: 'dns.single', summary: `${who} has a single Ready pod, which every name in the cluster hangs on`, confidence: 0.9, edit: `kubectl scale ${inKubectl(dns)} --replicas=2` })];
}

interface Status {
  restartCount?: number;
  lastState?: { terminated?: { reason?: string; finishedAt?: string } };
}

/** Restarts within the hour, and probes that failed more than once. */
function failuresOf({ takenAt, events }: Evidence, world: World): string[] {
  return dnsPods(world).flatMap((pod) => {
    const restarts = (containerStatusesOf(pod) as Status[]).filter((s) => s.lastState?.terminated && secondsBetween(s.lastState.terminated.finishedAt, takenAt) < RECENT_S);
    const probes = eventsOf(pod, events).filter((e) => e.reason === 'Unhealthy' && e.count > 1);
    return [
      ...restarts.map((s) => `pod ${pod.metadata.name} was restarted ${s.restartCount ?? 1} times (${s.lastState!.terminated!.reason ?? 'Error'})`),
      ...probes.slice(-1).map((e) => cut(`pod ${pod.metadata.name}: ${e.message} (${e.count} times)`)),
    ];
  });
}
