import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble } from './reading/container-trouble.js';
import { needsPerson } from './reading/person.js';
import { containerOf, containersOf } from './reading/rollout.js';
import { logLinesOf, troublesOf, workloadsInScope } from './reading/scene.js';

/** It runs and its readiness probe says no, without a rollout that explains it: which container, and what the probe hears. */
export const readinessFailing = defineAnalyzer({
  id: 'readiness_failing',
  summary: 'A container runs and fails its readiness probe, often a sidecar beside a healthy application.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'pods', 'events', 'logs'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const trouble = troublesOf(world, workload, evidence).find((t) => t.kind === 'not_ready' && !t.isInit && t.message !== '');
  if (!trouble) return [];
  const { pod, container } = trouble;
  const ready = containersOf(pod).filter((c) => c.name !== container && isReady(pod, c.name));
  const isSidecar = ready.length > 0 && container !== pod.spec?.containers?.[0]?.name;
  const last = logLinesOf(evidence, pod, container).slice(-1);
  return [
    needsPerson({
      analyzer: 'readiness_failing', cause: isSidecar ? 'readiness.sidecar' : causeOf(trouble.message), of: workload,
      what: `${isSidecar ? `its application is ready, its sidecar ${container} is not` : `${container} runs and is not ready`}: ${cut(trouble.message, 140)}`,
      evidence: [describeTrouble(trouble), ...ready.map((c) => `${c.name} beside it is ready`), ...last.map((l) => cut(`log: ${l}`))],
      confidence: isSidecar ? 0.62 : 0.58,
      edit: `kubectl logs ${pod.metadata.name} -n ${pod.metadata.namespace} -c ${container}   # its probe: ${probeText(pod, container)}`,
    }),
  ];
}

const probeText = (pod: KubeObject, container: string): string => JSON.stringify(containerOf(pod, container)?.['readinessProbe'] ?? {});

const isReady = (pod: KubeObject, container: string): boolean =>
  [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].some((s: { name: string; ready?: boolean }) => s.name === container && s.ready === true);

function causeOf(message: string): string {
  if (/statuscode: 4\d\d/.test(message)) return 'readiness.path';
  if (/statuscode: 5\d\d/.test(message)) return 'readiness.refuses';
  if (/connection refused|couldn't find port/.test(message)) return 'readiness.port';
  return /deadline|timeout/i.test(message) ? 'readiness.slow' : 'readiness.fails';
}
