import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { templateOf } from '../domain/log-template.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble } from './reading/container-trouble.js';
import { endsOf, type End } from './reading/ends.js';
import { needsPerson, logsOf } from './reading/person.js';
import { livePodsOf, logLinesOf, troublesOf, workloadsInScope } from './reading/scene.js';

/** Exit codes that mean the same in every program: 128 + signal. */
const SIGNALS: Record<number, [cause: string, what: string]> = {
  132: ['crash.illegal_instruction', 'was built for another processor (SIGILL)'],
  134: ['crash.aborted', 'aborts itself (SIGABRT)'],
  135: ['crash.bus_error', 'touches memory that is not there (SIGBUS)'],
  136: ['crash.arithmetic', 'divides by zero (SIGFPE)'],
  137: ['crash.killed', 'is killed from outside (SIGKILL) and not for its memory limit: a probe, its node, or somebody in it'],
  139: ['crash.segfault', 'touches memory that is not its own (SIGSEGV)'],
  143: ['crash.terminated', 'is asked to end (SIGTERM) again and again'],
};

const SPEAKS = /error|fatal|panic|exception|fail|cannot|could not|refused|denied|invalid|missing|unable|traceback|abort/i;

/** The program ends by itself and no rollout, image, limit or dependency explains it: its exit code and last words, for the people who know it. */
export const crashLoop = defineAnalyzer({
  id: 'crash_loop',
  summary: 'A container crashes again and again by itself: told by its exit code and its last words.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'pods', 'logs'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const troubles = troublesOf(world, workload, evidence).filter((t) => t.kind === 'crash' && !t.isInit);
  const trouble = troubles.find((t) => logLinesOf(evidence, t.pod, t.container).length > 0) ?? troubles[0];
  const end = trouble && endsOf(trouble.pod).find((e) => e.container === trouble.container && !e.isInit);
  if (!trouble || !end || workload.kind === 'Job') return [];
  const lines = logLinesOf(evidence, trouble.pod, trouble.container);
  const words = [...lines].reverse().find((l) => SPEAKS.test(l)) ?? lines.at(-1);
  const [cause, what] = causeOf(end);
  return [
    needsPerson({
      analyzer: 'crash_loop', cause, of: workload,
      what: `${trouble.container} ${what}${words ? `; it says: ${cut(templateOf(words), 140)}` : ' and says nothing'}`,
      evidence: [describeTrouble(trouble), `exit code ${end.exitCode}`, ...(words ? [cut(`log: ${words}`)] : []), `${new Set(troubles.map((t) => t.pod.metadata.name)).size} of ${livePodsOf(world, workload).length} pods`],
      // a floor that names something: everything that knows a cure is surer
      confidence: 0.57,
      edit: logsOf(trouble.pod, trouble.container),
    }),
  ];
}

const causeOf = ({ exitCode }: End): [cause: string, what: string] => {
  if (exitCode === 0) return ['crash.completes', 'ends well although it should run for ever'];
  return SIGNALS[exitCode] ?? ['crash.exits', `ends with exit code ${exitCode}`];
};
