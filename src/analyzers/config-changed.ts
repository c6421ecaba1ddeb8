import type { Evidence, RecordedChange } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble } from './reading/container-trouble.js';
import { inKubectl, needsPerson } from './reading/person.js';
import { suspects, tell } from './reading/recent-change.js';
import { rolloutOf } from './reading/rollout.js';
import { logLinesOf, troublesOf, workloadsInScope } from './reading/scene.js';

const KINDS = ['crash', 'not_ready', 'liveness', 'config'];

/** Somebody edited configuration, and what reads it fails since. Only a person knows the value that was meant. */
export const configChanged = defineAnalyzer({
  id: 'config_changed',
  summary: 'A workload fails since a ConfigMap that it reads was edited.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'pods', 'configmaps', 'changes', 'logs'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const trouble = troublesOf(world, workload, evidence).find((t) => KINDS.includes(t.kind));
  const [change] = suspects(evidence, world, (c) => c.relation === 'config' && c.source !== 'creation');
  if (!trouble || !change || isOlderThanRollout(change, workload, world)) return [];
  const lines = logLinesOf(evidence, trouble.pod, trouble.container).slice(-5);
  const named = lines.find((line) => isNamed(change, line));
  const keys = keyOf(change);
  return [
    needsPerson({
      analyzer: 'config_changed', cause: 'config_changed', of: workload,
      what: `it fails since ${change.object.kind} ${change.object.name}${keys ? `, key ${keys},` : ''} was edited${change.by ? ` by ${change.by}` : ''}; a person must put the value right`,
      evidence: [tell(change, evidence, world), describeTrouble(trouble), ...[named ?? lines.at(-1)].flatMap((l) => (l ? [cut(`log: ${l}`)] : []))],
      // the program's own word for the key makes it sure; without it the time alone speaks
      confidence: named ? 0.8 : 0.66,
      edit: `kubectl edit configmap ${change.object.name} -n ${change.object.namespace}   # ${keys ? `key ${keys}` : 'what was written'} at ${change.at}; then kubectl rollout restart ${inKubectl(workload)} where it is read as environment`,
    }),
  ];
}

/** A rollout that came later took the edit along or has reasons of its own: what compares revisions speaks about that. */
function isOlderThanRollout(change: RecordedChange, workload: KubeObject, world: World): boolean {
  if (workload.kind !== 'Deployment') return false;
  const { current, hasCompleted, earlier } = rolloutOf(world, workload);
  return earlier.length > 0 && !hasCompleted && (current?.metadata.creationTimestamp ?? '') > change.at;
}

const keyOf = ({ path }: RecordedChange): string | undefined => (path?.startsWith('data.') ? path.slice('data.'.length) : undefined);

/** `app.yaml` of `/etc/api/app.yaml`, `LOG_MODE` of `LOG_MODE is "x"`. */
function isNamed(change: RecordedChange, line: string): boolean {
  const key = keyOf(change);
  return key !== undefined && new RegExp(`(?<![\\w-])${key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'i').test(line);
}
