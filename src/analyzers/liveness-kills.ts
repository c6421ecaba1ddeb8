import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { describeTrouble, eventsOf, type Trouble } from './reading/container-trouble.js';
import { endsOf } from './reading/ends.js';
import { needsPerson, patchContainer } from './reading/person.js';
import { containerOf } from './reading/rollout.js';
import { secondsBetween, troublesOf, workloadsInScope } from './reading/scene.js';

const SLOW = /context deadline exceeded|Client\.Timeout|i\/o timeout|timed? ?out/i;
/** The kubelet acts some seconds after the last failed try. */
const SLACK_S = 15;

interface Probe {
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  failureThreshold?: number;
}

/** The kubelet kills what its probes do not let live. Where a rollout brought the probe, what compares revisions is surer than this. */
export const livenessKills = defineAnalyzer({
  id: 'liveness_kills',
  summary: 'A liveness or startup probe kills a container: it is too slow for it, or the probe asks in the wrong place.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'pods', 'events'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const trouble = troublesOf(world, workload, evidence).find((t) => t.kind === 'liveness' && !t.isInit);
  if (!trouble) return [];
  const words = eventsOf(trouble.pod, evidence.events).filter((e) => /^(Liveness|Startup) probe failed/.test(e.message)).at(-1)?.message ?? '';
  const container = containerOf(trouble.pod, trouble.container) ?? { name: trouble.container };
  const judged = judge({ workload, trouble, container, words, probe: probeOf(container) });
  return [needsPerson({ analyzer: 'liveness_kills', of: workload, evidence: [describeTrouble(trouble), ...(words ? [words] : []), ...livesOf(trouble)], ...judged })];
}

interface Case {
  workload: KubeObject;
  trouble: Trouble;
  container: Container;
  /** The kubelet's, about the last failed try. */
  words: string;
  probe: Probe;
}
interface Container {
  name: string;
  [key: string]: unknown;
}

/** The one that kills first: a startup probe holds the liveness probe back. */
const probeOf = (container: Container): Probe => (container['startupProbe'] ?? container['livenessProbe'] ?? {}) as Probe;

function judge({ workload, trouble, container, words, probe }: Case): { cause: string; what: string; confidence: number; edit: string } {
  if (diesYoung(trouble, probe)) {
    return { cause: 'probe.startup_too_slow', what: `${trouble.container} is killed within ${patienceOf(probe)} s of each start, before it is up; give it longer to start`, confidence: 0.68, edit: slowStart(workload, container) };
  }
  if (SLOW.test(words)) {
    return { cause: 'probe.too_impatient', what: `${trouble.container} answers its liveness probe too slowly and is killed for it`, confidence: 0.66, edit: patchContainer(workload, container.name, { livenessProbe: morePatient(probe) }) };
  }
  const at = `kubectl edit ${workload.kind.toLowerCase()} ${workload.metadata.name} -n ${workload.metadata.namespace}`;
  return { cause: 'probe.wrong_place', what: `the liveness probe of ${trouble.container} asks where nothing answers, and kills it`, confidence: 0.62, edit: `${at}   # livenessProbe of ${container.name}: ${JSON.stringify(probe)}` };
}

const morePatient = ({ timeoutSeconds = 1, failureThreshold = 3 }: Probe): Probe => ({ timeoutSeconds: Math.max(5, 2 * timeoutSeconds), failureThreshold: Math.max(6, 2 * failureThreshold) });

/** How long the kubelet lets a container try from its start, in seconds. */
const patienceOf = ({ initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 }: Probe): number => initialDelaySeconds + periodSeconds * failureThreshold;

const lifeOf = (t: Trouble): number => {
  const end = endsOf(t.pod).find((e) => e.container === t.container);
  return secondsBetween(end?.startedAt, end?.finishedAt);
};

/** It never was up: each life lasted as long as the probe's patience, and no longer. */
function diesYoung(t: Trouble, probe: Probe): boolean {
  const life = lifeOf(t);
  const isStarted = (t.pod.status?.containerStatuses ?? []).find((s: { name: string }) => s.name === t.container)?.started === true;
  return t.restarts > 0 && life > 0 && !isStarted && life <= patienceOf(probe) + SLACK_S;
}

const livesOf = (t: Trouble): string[] => (lifeOf(t) > 0 ? [`its last life took ${Math.round(lifeOf(t))} s`] : []);

/** A startup probe holds the liveness probe back: ten times the patience, at the same place. */
function slowStart(workload: KubeObject, container: Container): string {
  const probe = probeOf(container);
  const { initialDelaySeconds: _delay, ...asked } = probe;
  return patchContainer(workload, container.name, { startupProbe: { ...asked, periodSeconds: 5, failureThreshold: Math.max(30, Math.ceil(patienceOf(probe) * 2)) } });
}
