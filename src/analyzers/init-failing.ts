import type { Evidence } from '../domain/evidence.js';
import { isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble } from './reading/container-trouble.js';
import { needsPerson, logsOf } from './reading/person.js';
import { livePodsOf, logLinesOf, secondsBetween, troublesOf, workloadsInScope } from './reading/scene.js';

/** So long an init container may take without anybody wondering. */
const PATIENT_S = 120;

/** The pod stands at one of its init containers. What it waits for is found by others where a Service is named. */
export const initFailing = defineAnalyzer({
  id: 'init_failing',
  summary: 'An init container fails or does not end, so the pod never starts its application.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'jobs', 'pods', 'logs'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const trouble = troublesOf(world, workload, evidence).find((t) => t.isInit && (t.kind === 'crash' || t.kind === 'start' || t.kind === 'not_ready'));
  if (!trouble) return [];
  const isWaiting = trouble.kind === 'not_ready';
  if (isWaiting && isYoung(trouble.pod, evidence)) return [];
  const last = logLinesOf(evidence, trouble.pod, trouble.container).at(-1);
  return [
    needsPerson({
      analyzer: 'init_failing', cause: isWaiting ? 'init.waiting' : 'init.failing', of: workload,
      what: `init container ${trouble.container} ${isWaiting ? 'does not end' : 'fails'}${last ? `: ${cut(last, 120)}` : ''}`,
      evidence: [describeTrouble(trouble), ...(last ? [cut(`log: ${last}`)] : []), `${livePodsOf(world, workload).filter(isPodReady).length} of ${livePodsOf(world, workload).length} pods got past it`],
      confidence: isWaiting ? 0.58 : 0.64,
      edit: isWaiting ? `kubectl logs ${trouble.pod.metadata.name} -n ${trouble.pod.metadata.namespace} -c ${trouble.container}` : logsOf(trouble.pod, trouble.container),
    }),
  ];
}

const isYoung = (pod: KubeObject, evidence: Evidence): boolean => secondsBetween(pod.metadata.creationTimestamp, evidence.takenAt) < PATIENT_S;
