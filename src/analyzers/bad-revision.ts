import type { Evidence } from '../domain/evidence.js';
import { controllerOf, isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { fieldChanges } from '../domain/changes/field-changes.js';
import { defineAnalyzer } from './define.js';
import { describeTrouble, type Trouble } from './reading/container-trouble.js';
import { inKubectl, needsPerson } from './reading/person.js';
import { livePodsOf, secondsBetween, troublesOf, troubleSince, workloadsInScope } from './reading/scene.js';

const KINDS = ['StatefulSet', 'DaemonSet'];
const HASH = 'controller-revision-hash';
/** A revision that ran this long before the trouble is not its cause. */
const WINDOW_S = 3600;

/** StatefulSets and DaemonSets keep their templates in ControllerRevisions. Going back restarts members one by one: a person does it. */
export const badRevision = defineAnalyzer({
  id: 'bad_revision',
  summary: 'The newest revision of a StatefulSet or DaemonSet does not come up.',
  looksAt: ['statefulsets', 'daemonsets', 'controllerrevisions', 'pods', 'events'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).filter((w) => KINDS.includes(w.kind)).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const revisions = world.ownedBy(workload.metadata.uid ?? '').filter((o) => o.kind === 'ControllerRevision' && controllerOf(o)?.uid === workload.metadata.uid).sort((a, b) => numberOf(b) - numberOf(a));
  const [current, before] = [revisions[0], revisions.find((r) => numberOf(r) < numberOf(revisions[0]!))];
  if (!current || !before) return [];
  const troubles = troublesOf(world, workload, evidence).filter((t) => t.kind !== 'oom' && (t.kind !== 'not_ready' || t.message !== '') && isOf(t.pod, current));
  const trouble = troubles[0];
  const fields = fieldChanges(templateOf(before), templateOf(current), 'template');
  if (!trouble || fields.length === 0 || !isRecent(current, evidence) || hasReady(workload, current, world)) return [];
  return [told({ workload, current, before, trouble, fields: fields.map((f) => f.path) }, evidence, world)];
}

interface Case {
  workload: KubeObject;
  current: KubeObject;
  before: KubeObject;
  trouble: Trouble;
  fields: string[];
}

function told({ workload, current, before, trouble, fields }: Case, evidence: Evidence, world: World): Finding {
  const isShared = troublesOf(world, workload, evidence).some((t) => isOf(t.pod, before));
  // a StatefulSet waits for its broken member, also when the template is right again
  const unstick = workload.kind === 'StatefulSet' ? ` && kubectl delete pod ${trouble.pod.metadata.name} -n ${workload.metadata.namespace}` : '';
  return needsPerson({
    analyzer: 'bad_revision', cause: `bad_revision.${trouble.kind}`, of: workload,
    what: `pods of its newest revision ${numberOf(current)} do not come up; revision ${numberOf(before)} is the way back`,
    evidence: [describeTrouble(trouble), `revision ${numberOf(current)} changed ${fields.slice(0, 4).join(', ')} against ${before.metadata.name}`],
    confidence: isShared ? 0.6 : 0.85,
    edit: `kubectl rollout undo ${inKubectl(workload)} --to-revision=${numberOf(before)}${unstick}`,
  });
}

const numberOf = (revision: KubeObject): number => Number(revision.revision ?? 0);
const templateOf = (revision: KubeObject): unknown => revision.data?.spec?.template;
const isOf = (pod: KubeObject, revision: KubeObject): boolean => pod.metadata.labels?.[HASH] === (revision.metadata.labels?.[HASH] ?? revision.metadata.name) || pod.metadata.labels?.[HASH] === revision.metadata.name;
const isRecent = (revision: KubeObject, evidence: Evidence): boolean => secondsBetween(revision.metadata.creationTimestamp, troubleSince(evidence)) <= WINDOW_S;

/** Some pods of it are Ready: then it is not the revision alone. */
const hasReady = (workload: KubeObject, revision: KubeObject, world: World): boolean => livePodsOf(world, workload).some((p) => isOf(p, revision) && isPodReady(p));
