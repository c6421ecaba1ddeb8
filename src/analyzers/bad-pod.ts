import type { Evidence, Problem } from '../domain/evidence.js';
import { controllerOf, isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { containerStatusesOf } from '../domain/status.js';
import { defineAnalyzer } from './define.js';
import { cut, eventsOf } from './reading/container-trouble.js';
import { nameOf, quarantine, targetOf } from './reading/proposals.js';
import { livePodsOf, workloadsInScope } from './reading/scene.js';

/** Enough siblings that one may go and the rest can be compared with it. */
const SIBLINGS = 2;
const ERRORS = /error|5xx|4xx|fail|latency|slow|corrupt/i;

/**
 * One Ready pod of many that serves errors. Two witnesses of different kinds are asked for: an alert that names this pod
 * alone, and the cluster's own record of it (restarts or failed probes that none of its siblings has). Then it is set
 * aside as it is, so that people can look into it.
 */
export const badPod = defineAnalyzer({
  id: 'bad_pod',
  summary: 'One Ready pod of many serves errors, and its siblings do not.',
  looksAt: ['pods', 'replicasets', 'events'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).filter((w) => ['Deployment', 'ReplicaSet'].includes(w.kind)).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const pods = livePodsOf(world, workload);
  const told = evidence.problems.filter((p) => p.status === 'firing' && p.labels['pod'] !== undefined && ERRORS.test(p.alert));
  const named = new Set(told.map((p) => p.labels['pod']));
  const pod = pods.find((p) => named.has(p.metadata.name));
  if (!pod || named.size !== 1 || !isPodReady(pod)) return [];
  const siblings = pods.filter((p) => p !== pod && controllerOf(p)?.uid === controllerOf(pod)?.uid && isPodReady(p));
  const record = recordOf(pod, evidence);
  if (siblings.length < SIBLINGS || record.length === 0 || siblings.some((p) => recordOf(p, evidence).length > 0)) return [];
  return [setAside(workload, { pod, record, siblings: siblings.length }, told[0]!)];
}

function setAside(workload: KubeObject, { pod, record, siblings }: { pod: KubeObject; record: string[]; siblings: number }, problem: Problem): Finding {
  const summary = `pod ${pod.metadata.name} of ${nameOf(workload)} serves errors; its ${siblings} siblings of the same template do not`;
  return {
    analyzer: 'bad_pod',
    cause: 'pod.serves_errors',
    summary,
    target: targetOf(pod),
    evidence: [cut(`alert ${problem.alert} names this pod alone`, 120), ...record.slice(0, 2), `${siblings} siblings are Ready without restarts or failed probes`],
    confidence: 0.8,
    proposals: [quarantine(pod, 0.8, summary)],
  };
}

interface Status {
  name: string;
  restartCount?: number;
  lastState?: { terminated?: { reason?: string; exitCode?: number } };
}

/** What kubelet and controllers wrote down about this pod. */
function recordOf(pod: KubeObject, { events }: Pick<Evidence, 'events'>): string[] {
  const restarts = (containerStatusesOf(pod) as Status[]).filter((s) => (s.restartCount ?? 0) > 0 && (s.lastState?.terminated?.exitCode ?? 0) !== 0);
  const probes = eventsOf(pod, events).filter((e) => e.reason === 'Unhealthy' && !/connection refused/i.test(e.message));
  return [
    ...restarts.map((s) => `container ${s.name} was restarted ${s.restartCount} times (${s.lastState?.terminated?.reason ?? 'Error'})`),
    ...probes.slice(-1).map((e) => cut(`${e.reason}: ${e.message} (${e.count} times)`)),
  ];
}
