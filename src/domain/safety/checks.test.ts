import { describe, expect, it } from '@jest/globals';
import type { PastAction } from '../evidence.js';
import { worldOf, type KubeObject } from '../kube.js';
import type { Step } from '../plan.js';
import { DEFAULT_POLICY, policyFor, type Policy } from '../policy.js';
import { ago, deployment, node, NOW, NS, object, pod, problem, service, statefulSet } from '../../../test/support/kube-objects.js';
import { evaluateSafety } from './chain.js';
import { CHECKS } from './checks/index.js';
import type { SafetyFacts } from './facts.js';
import { REASONS } from './reasons.js';

interface Given {
  target?: KubeObject;
  objects?: (KubeObject | KubeObject[])[];
  step?: Partial<Step>;
  policy?: Partial<Policy>;
  facts?: Partial<SafetyFacts>;
}

function facts({ target = api().d, objects = [], step = {}, policy: own = {}, facts: more = {} }: Given = {}): SafetyFacts {
  const all = [target, ...objects.flat()];
  const at = { cluster: 'test', apiVersion: target.apiVersion, kind: target.kind, name: target.metadata.name, uid: target.metadata.uid, ...(target.metadata.namespace ? { namespace: target.metadata.namespace } : {}) };
  const full: Step = {
    ordinal: 0, action: 'increase_resources', target: at, parameters: {}, tier: 2, summary: '', reason: '', undo: { kind: 'none', why: '' }, timeoutS: 300, isWriting: true,
    changes: [{ op: 'edit', ref: at, uid: target.metadata.uid!, edits: [{ path: ['spec', 'template', 'spec', 'containers', '0', 'resources'], before: {}, after: {} }] }],
    ...step,
  };
  const policy: Policy = { ...DEFAULT_POLICY, autonomy: 'auto', ...own };
  return {
    now: NOW, target: at, step: full, world: worldOf(all), problems: [problem('X')], history: [], policy,
    scope: policyFor(policy, { namespace: at.namespace, severity: 'critical', action: full.action }),
    groundedUids: new Set(all.map((o) => o.metadata.uid!)), source: 'rules', confidence: 0.9, ...more,
  };
}

function api(more: Parameters<typeof deployment>[2] = {}) {
  const { deployment: d, sets } = deployment('api', [{ available: 2 }], { completed: true, ...more });
  return { d, sets };
}

const STORM = { since: ago(60), why: '130 new remediations within a minute, more than 100', readAt: ago(1) };
const nodes = (...readiness: boolean[]) => readiness.map((ready, i) => node(`n${i}`, { ready }));
const past = (more: Partial<PastAction> = {}): PastAction => ({
  remediationId: 'r-1', action: 'increase_resources', target: { cluster: 'test', apiVersion: 'apps/v1', kind: 'Deployment', namespace: NS, name: 'api' }, at: ago(7200), wasUndone: false, wrote: [], ...more,
});
const withMeta = (metadata: object, more: Parameters<typeof deployment>[2] = {}) => {
  const { d } = api(more);
  Object.assign(d.metadata, metadata);
  return d;
};
const evict = (p: KubeObject) => ({ op: 'evict' as const, ref: { apiVersion: 'v1', kind: 'Pod', namespace: NS, name: p.metadata.name }, uid: p.metadata.uid! });
const onPod = (p: KubeObject): Given => ({ target: p, step: { action: 'restart_pod', changes: [evict(p)] } });
const { d: dep, sets } = api();
const ready = [pod(sets[0]!, { ready: true }), pod(sets[0]!, { ready: true })];
const nodeStep = (n: KubeObject, action: string): Given => ({ target: n, step: { action, changes: [], tier: action === 'drain_node' ? 3 : 1 } });
const budget = (disruptionsAllowed: number) => object('policy/v1', 'PodDisruptionBudget', 'b', { spec: { selector: { matchLabels: { app: 'api' } } }, status: { disruptionsAllowed } });
const quota = (hard: object, used: object) => object('v1', 'ResourceQuota', 'q', { status: { hard, used } });
const scaleStep = (before: number, after: number): Partial<Step> => ({ action: 'scale_deployment', tier: 1, changes: [{ op: 'scale', ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NS, name: 'api' }, uid: dep.metadata.uid!, before, after }] });
const edits = (path: string[], after: unknown): Partial<Step> => ({ changes: [{ op: 'edit', ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NS, name: 'api' }, uid: dep.metadata.uid!, edits: [{ path, before: 'x', after }] }] });
const applied = (manager: string, fieldsV1: object) => withMeta({ managedFields: [{ manager, operation: 'Apply', fieldsV1 }] });
const TEMPLATE = { 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"app"}': { 'f:resources': {} } } } } } };
const moving = { completed: false, status: { observedGeneration: 1, updatedReplicas: 1, unavailableReplicas: 1, conditions: [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' }] } };
const startingOf = (d: { d: KubeObject; sets: KubeObject[] }) => pod(d.sets[0]!, {});

describe('each check denies, asks or tells with its stable reason', () => {
  it.each<[string, string, string | undefined, Given]>([
    ['nothing in the way', 'grounding', undefined, {}],
    ['an object nobody read', 'grounding', 'not_grounded', { facts: { groundedUids: new Set() } }],
    ['the owner of a pod that was read', 'grounding', undefined, { target: dep, objects: [sets, ready], facts: { groundedUids: new Set([ready[0]!.metadata.uid!]) } }],
    ['the node of a pod that was read', 'grounding', undefined, { ...nodeStep(node('node-1'), 'cordon_node'), objects: [sets, ready], facts: { groundedUids: new Set([ready[0]!.metadata.uid!]) } }],
    ['a write to another object than the target', 'grounding', 'not_grounded', { step: { changes: [{ op: 'delete', ref: { apiVersion: 'v1', kind: 'Pod', namespace: NS, name: 'x' }, uid: 'other' }] } }],
    ['kube-system', 'protected', 'protected_namespace', { target: withMeta({ namespace: 'kube-system' }) }],
    ['an object of kube-system that its row names', 'protected', undefined, { target: withMeta({ namespace: 'kube-system' }), step: { actsInProtected: true, changes: [] } }],
    ['a write beside the object that the row names', 'protected', 'protected_namespace', { target: withMeta({ namespace: 'kube-system' }), step: { actsInProtected: true, changes: [{ op: 'delete', ref: { apiVersion: 'v1', kind: 'Pod', namespace: 'cert-manager', name: 'x' }, uid: 'x' }] } }],
    ['our own namespace, whatever a step says', 'protected', 'protected_namespace', { target: withMeta({ namespace: 'temporal' }), step: { actsInProtected: true, changes: [] } }],
    ['ourselves in a namespace that a row names', 'protected', 'own_component', { target: withMeta({ namespace: 'kube-system', labels: { 'app.kubernetes.io/part-of': 'kubernaut' } }), step: { actsInProtected: true, changes: [] } }],
    ['ourselves', 'protected', 'own_component', { target: withMeta({ labels: { 'app.kubernetes.io/part-of': 'kubernaut' } }) }],
    ['a node has no namespace', 'protected', undefined, nodeStep(node('a'), 'cordon_node')],
    ['draining the node that runs us', 'protected', 'hosts_own_component', { ...nodeStep(node('node-1'), 'drain_node'), objects: [object('v1', 'Pod', 'k', { spec: { nodeName: 'node-1' } }, { labels: { 'app.kubernetes.io/part-of': 'kubernaut' } })] }],
    ['opt-out on the object', 'opt_out', 'opted_out', { target: withMeta({ annotations: { 'kubernaut.io/ignore': 'true' } }) }],
    ['opt-out on the workload that an autoscaler scales', 'opt_out', 'opted_out', { target: object('autoscaling/v2', 'HorizontalPodAutoscaler', 'h', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'api' } } }), objects: [withMeta({ annotations: { 'kubernaut.io/ignore': 'true' } })] }],
    ['opt-out on the namespace', 'opt_out', 'opted_out', { objects: [object('v1', 'Namespace', NS, {}, { namespace: undefined, annotations: { 'kubernaut.io/ignore': 'true' } })] }],
    ['opt-out on the owner of a pod', 'opt_out', 'opted_out', { ...onPod(ready[0]!), objects: [ready[1]!, sets, { ...dep, metadata: { ...dep.metadata, annotations: { 'kubernaut.io/ignore': 'true' } } }] }],
    ['any other value is no opt-out', 'opt_out', undefined, { target: withMeta({ annotations: { 'kubernaut.io/ignore': 'false' } }) }],
    ['a finalizer holds it', 'being_deleted', 'being_deleted', { target: withMeta({ deletionTimestamp: NOW }) }],
    ['a namespace on its way out', 'being_deleted', 'being_deleted', { objects: [object('v1', 'Namespace', NS, {}, { namespace: undefined, deletionTimestamp: NOW })] }],
    ['Flux', 'ownership', 'gitops_owned', { target: withMeta({ labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }) }],
    ['a cordon beside a target of Flux', 'ownership', undefined, { target: withMeta({ labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }), step: { action: 'migrate_workload', changes: [{ op: 'edit', ref: { apiVersion: 'v1', kind: 'Node', name: 'n0' }, uid: 'n0', edits: [{ path: ['spec', 'unschedulable'], after: true }] }] } }],
    ['Argo CD by its tracking id', 'ownership', 'gitops_owned', { target: withMeta({ annotations: { 'argocd.argoproj.io/tracking-id': 'a' }, managedFields: [{ manager: 'argocd-controller' }] }) }],
    ['Argo CD by its tracking id, whoever wrote last', 'ownership', 'gitops_owned', { target: withMeta({ annotations: { 'argocd.argoproj.io/tracking-id': 'a' }, managedFields: [{ manager: 'kubectl' }] }) }],
    ['Argo CD by an instance label of its own', 'ownership', 'gitops_owned', { target: withMeta({ labels: { 'argocd.argoproj.io/instance': 'a' } }) }],
    ['Argo CD by its label and manager', 'ownership', 'gitops_owned', { target: withMeta({ labels: { 'app.kubernetes.io/instance': 'a' }, managedFields: [{ manager: 'argocd-controller' }] }) }],
    ['an instance label alone', 'ownership', undefined, { target: withMeta({ labels: { 'app.kubernetes.io/instance': 'a' }, managedFields: [{ manager: 'kubectl' }] }) }],
    ['an operator', 'ownership', 'operator_owned', { target: withMeta({ ownerReferences: [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'db', uid: 'x', controller: true }] }) }],
    ['another controller that applies the field', 'ownership', 'field_owned', { target: applied('team-operator', TEMPLATE) }],
    ['another controller that applies another field', 'ownership', undefined, { target: applied('team-operator', { 'f:spec': { 'f:replicas': {} } }) }],
    ['a person who applied it', 'ownership', undefined, { target: applied('kubectl', TEMPLATE) }],
    ['Helm is told', 'ownership', 'helm_managed', { target: withMeta({ labels: { 'app.kubernetes.io/managed-by': 'Helm' } }) }],
    ['a pod of an operator', 'ownership', undefined, { ...onPod(object('v1', 'Pod', 'p', {}, { ownerReferences: [{ apiVersion: 'x.io/v1', kind: 'C', name: 'c', uid: 'x', controller: true }] })) }],
    ['a rollout that moves', 'rollout', 'rollout_in_progress', (() => { const a = api(moving); return { target: a.d, objects: [a.sets, startingOf(a)] }; })()],
    ['a spec that was not observed', 'rollout', 'rollout_in_progress', { target: withMeta({ generation: 2 }) }],
    ['a rollout that a crashing pod holds up', 'rollout', undefined, (() => { const a = api(moving); return { target: a.d, objects: [a.sets, pod(a.sets[0]!, { waiting: { reason: 'CrashLoopBackOff' }, restarts: 2 })] }; })()],
    ['a rollout past its deadline', 'rollout', undefined, { target: api({ completed: false, exceeded: true }).d }],
    ['a rollback in the middle of a rollout', 'rollout', undefined, { target: api(moving).d, step: { action: 'rollback_deployment' } }],
    ['a StatefulSet that updates', 'rollout', 'rollout_in_progress', { target: statefulSet('db', {}, { status: { updateRevision: 'db-2' } }) }],
    ['the same a minute ago', 'cooldown', 'cooldown', { facts: { history: [past({ at: ago(60) })] } }],
    ['the same ten minutes ago', 'cooldown', undefined, { facts: { history: [past({ at: ago(600) })] } }],
    ['the same on a namesake elsewhere', 'cooldown', undefined, { facts: { history: [past({ at: ago(60), target: { ...past().target, namespace: 'other' } })] } }],
    ['three within an hour', 'rate', 'rate_limited', { facts: { history: [1, 2, 3].map((n) => past({ action: `a${n}`, at: ago(n * 600) })) } }],
    ['two within an hour', 'rate', undefined, { facts: { history: [1, 2].map((n) => past({ at: ago(n * 600) })) } }],
    ['twice in vain', 'ineffective', 'repeatedly_ineffective', { facts: { history: [past({ result: 'ineffective' }), past({ result: 'harmful' })] } }],
    ['once in vain', 'ineffective', undefined, { facts: { history: [past({ result: 'ineffective' }), past({ result: 'effective' })] } }],
    ['A→B→A by the before-value', 'oscillation', 'oscillation', { target: dep, step: edits(['spec', 'replicas'], 2), facts: { history: [past({ action: 'other', wrote: [{ path: 'spec.replicas', value: '4', before: '2' }] })] } }],
    ['A→B→A by two writes of ours', 'oscillation', 'oscillation', { target: dep, step: scaleStep(4, 2), facts: { history: [past({ wrote: [{ path: 'spec.replicas', value: '4' }] }), past({ wrote: [{ path: 'spec.replicas', value: '2' }] })] } }],
    ['A→B→C', 'oscillation', undefined, { target: dep, step: scaleStep(4, 8), facts: { history: [past({ wrote: [{ path: 'spec.replicas', value: '4', before: '2' }] })] } }],
    ['a value that was tried and undone', 'oscillation', 'oscillation', { target: dep, step: scaleStep(2, 4), facts: { history: [past({ wasUndone: true, wrote: [{ path: 'spec.replicas', value: '4', before: '2' }] })] } }],
    ['a value that was there for a while, for another while', 'oscillation', undefined, { target: dep, step: { ...scaleStep(2, 4), expiresInS: 60 }, facts: { history: [past({ wasUndone: true, wrote: [{ path: 'spec.replicas', value: '4', before: '2' }] })] } }],
    ['a part of what is written now was tried and undone', 'oscillation', 'oscillation', { target: dep, step: edits(['spec', 'template'], { spec: { containers: [{ resources: { limits: { memory: '256Mi' } } }] } }), facts: { history: [past({ wasUndone: true, wrote: [{ path: 'spec.template.spec.containers.0.resources', value: '{"limits":{"memory":"256Mi"}}', before: 'null' }] })] } }],
    ['a write that was undone', 'oscillation', undefined, { target: dep, step: scaleStep(4, 2), facts: { history: [past({ wasUndone: true, wrote: [{ path: 'spec.replicas', value: '4', before: '2' }] })] } }],
    ['an alert that comes and goes', 'flap', 'flapping', { facts: { problems: [problem('X', { refires: 3 })], history: [past()] } }],
    ['a Ready pod whose budget is used up', 'disruption', 'disruption_budget', { ...onPod(ready[0]!), objects: [ready[1]!, dep, sets, budget(0)] }],
    ['a Ready pod whose budget has room', 'disruption', undefined, { ...onPod(ready[0]!), objects: [ready[1]!, dep, sets, budget(1)] }],
    ['the last Ready pod', 'disruption', 'last_ready_replica', { ...onPod(ready[0]!), objects: [dep, sets] }],
    ['a pod that is not Ready', 'disruption', undefined, { ...onPod(pod(sets[0]!, {})), objects: [dep, sets] }],
    ['two pods of one Service at once', 'blast_radius', 'blast_radius', { target: dep, objects: [sets, ready, service('api')], step: { changes: ready.map(evict) } }],
    ['two pods of one Service, one after the other', 'blast_radius', undefined, { target: dep, objects: [sets, ready, service('api')], step: { action: 'migrate_workload', changes: ready.map(evict) } }],
    ['one pod of a Service', 'blast_radius', undefined, { ...onPod(ready[0]!), objects: [service('api')] }],
    ['cordoning one of two working nodes', 'nodes_remaining', 'too_few_nodes', { ...nodeStep(node('a'), 'cordon_node'), objects: [node('b')] }],
    ['cordoning one of four working nodes', 'nodes_remaining', undefined, { ...nodeStep(node('a'), 'cordon_node'), objects: nodes(true, true, true) }],
    ['fencing a dead node of two', 'nodes_remaining', undefined, { ...nodeStep(node('a', { ready: false }), 'cordon_node'), objects: [node('b')] }],
    ['fencing the only node', 'nodes_remaining', 'too_few_nodes', nodeStep(node('a', { ready: false }), 'cordon_node')],
    ['half of the nodes are gone', 'cluster_health', 'cluster_unhealthy', { objects: nodes(true, false) }],
    ['two of three nodes are there', 'cluster_health', undefined, { objects: nodes(true, true, false) }],
    ['more pods than the quota leaves', 'quota', 'quota', { target: dep, objects: [quota({ pods: '3' }, { pods: '2' })], step: scaleStep(2, 4) }],
    ['as many pods as the quota leaves', 'quota', undefined, { target: dep, objects: [quota({ pods: '4' }, { pods: '2' })], step: scaleStep(2, 4) }],
    ['fewer pods need no room', 'quota', undefined, { target: dep, objects: [quota({ pods: '3' }, { pods: '3' })], step: scaleStep(3, 2) }],
    ['more memory than the quota leaves', 'quota', 'quota', { target: dep, objects: [quota({ 'limits.memory': '1Gi' }, { 'limits.memory': '512Mi' })], step: edits(['spec', 'template', 'spec', 'containers', '0', 'resources'], { limits: { memory: '512Mi' } }) }],
    ['more memory than a LimitRange allows', 'quota', 'limit_range', { target: dep, objects: [object('v1', 'LimitRange', 'l', { spec: { limits: [{ type: 'Container', max: { memory: '256Mi' } }] } })], step: edits(['spec', 'template', 'spec', 'containers', '0', 'resources'], { limits: { memory: '512Mi' } }) }],
    ['a model alone', 'model_only', 'model_only', { facts: { source: 'model' } }],
    ['rules and model', 'model_only', undefined, { facts: { source: 'both' } }],
    ['a model that would do something else', 'model_disagrees', 'model_disagrees', { facts: { disagreement: 'm would rather wait' } }],
    ['a model that says nothing against it', 'model_disagrees', undefined, {}],
    ['observe', 'autonomy', 'autonomy_observe', { policy: { autonomy: 'observe' } }],
    ['a dry run', 'autonomy', 'autonomy_observe', { policy: { dryRun: true } }],
    ['suggest', 'autonomy', 'suggest_only', { policy: { autonomy: 'suggest' } }],
    ['approve', 'autonomy', 'approval_required', { policy: { autonomy: 'approve' } }],
    ['auto, tier 2', 'autonomy', undefined, {}],
    ['auto, tier 3', 'autonomy', 'tier_needs_approval', { step: { tier: 3 } }],
    ['auto for this very action, tier 3', 'autonomy', undefined, { step: { tier: 3 }, policy: { actions: { increase_resources: { autonomy: 'auto' } } } }],
    ['auto for this very action, which needs a person', 'autonomy', 'approval_required', { step: { tier: 3, needsApproval: 'it carries all pods' }, policy: { actions: { increase_resources: { autonomy: 'auto' } } } }],
    ['telling needs no approval', 'autonomy', undefined, { step: { isWriting: false, tier: 0 }, policy: { autonomy: 'observe' } }],
    ['the kill switch for all', 'pause', 'paused', { policy: { pauses: [{ by: 'ops', reason: 'freeze' }] } }],
    ['the kill switch for another namespace', 'pause', undefined, { policy: { pauses: [{ namespace: 'other', by: 'ops', reason: 'freeze' }] } }],
    ['a kill switch that ran out', 'pause', undefined, { policy: { pauses: [{ by: 'ops', reason: 'freeze', until: ago(1) }] } }],
    ['a storm', 'storm', 'storm', { facts: { storm: STORM } }],
    ['telling in a storm', 'storm', undefined, { facts: { storm: STORM }, step: { isWriting: false, tier: 0 } }],
    ['everything is resolved', 'still_firing', 'not_firing', { facts: { problems: [problem('X', { status: 'resolved' })] } }],
    ['one of two is resolved', 'still_firing', undefined, { facts: { problems: [problem('X', { status: 'resolved' }), problem('Y')] } }],
    ['a disabled action', 'enabled', 'action_disabled', { policy: { actions: { increase_resources: { enabled: false } } } }],
  ])('%s (%s → %s)', (_name, check, reason, given) => {
    const found = CHECKS[check]!(facts(given));
    expect(found[0]?.reason).toBe(reason);
    for (const f of found) {
      expect(f.check).toBe(check);
      expect(REASONS).toHaveProperty(f.reason);
      expect(f.message).not.toBe('');
    }
  });
});

describe('a broken pod and its budget', () => {
  const broken = pod(sets[0]!, {});
  const short = (spec: object = {}) => ({ ...budget(0), spec: { selector: { matchLabels: { app: 'api' } }, ...spec }, status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2 } });
  const severityOf = (p: typeof broken, b: KubeObject) => CHECKS['disruption']!(facts({ ...onPod(p), objects: [dep, sets, b] })).map((found) => found.severity);

  it('runs and the budget is short: the API server would refuse for ever', () => expect(severityOf(broken, short())).toEqual(['deny']));
  it('runs and the budget is not short', () => expect(severityOf(broken, budget(0))).toEqual(['info']));
  it('never started', () => expect(severityOf(pod(sets[0]!, { phase: 'Pending' }), short())).toEqual(['info']));
  it('the budget lets unhealthy pods go', () => expect(severityOf(broken, short({ unhealthyPodEvictionPolicy: 'AlwaysAllow' }))).toEqual(['info']));
});

describe('the chain', () => {
  it('allows an ordinary step without a word', () => expect(evaluateSafety(facts({ target: dep, objects: [sets, ready, nodes(true, true, true)] }))).toEqual({ decision: 'allow', findings: [] }));

  it('lists every objection, not only the first', () => {
    const verdict = evaluateSafety(facts({
      target: withMeta({ deletionTimestamp: NOW, annotations: { 'kubernaut.io/ignore': 'true' } }),
      policy: { autonomy: 'approve', pauses: [{ by: 'ops', reason: 'freeze' }] },
      facts: { history: [past({ at: ago(60) })] },
    }));
    expect(verdict.decision).toBe('deny');
    expect(verdict.findings.map((f) => f.reason)).toEqual(['paused', 'opted_out', 'being_deleted', 'cooldown', 'approval_required']);
    expect(verdict.findings.filter((f) => f.escalates).map((f) => f.check)).toEqual(['cooldown']);
  });

  it('hands over to a person what a storm stops, saying since when and why', () => {
    const { decision, findings } = evaluateSafety(facts({ target: dep, objects: [sets, ready], facts: { storm: STORM } }));
    expect([decision, findings]).toEqual(['deny', [expect.objectContaining({ check: 'storm', escalates: true })]]);
    expect(findings[0]!.message).toContain(`storm mode on cluster test since ${STORM.since}: ${STORM.why}`);
  });

  it('asks when the worst is a question', () => expect(evaluateSafety(facts({ target: dep, objects: [sets, ready], step: { tier: 3 } })).decision).toBe('ask'));

});
