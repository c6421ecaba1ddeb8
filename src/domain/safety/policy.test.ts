import { describe, expect, it } from '@jest/globals';
import { worldOf, type KubeObject } from '../kube.js';
import type { SafetyFinding, Step } from '../plan.js';
import { DEFAULT_POLICY, policyFor, type Policy } from '../policy.js';
import type { PolicyFacts } from '../policy-facts.js';
import type { RuleHit, Signed } from '../policy-rule.js';
import { deployment, NOW, NS, object } from '../../../test/support/kube-objects.js';
import { evaluateSafety } from './chain.js';
import type { SafetyFacts } from './facts.js';
import { asksOf, policyDecisions, policyDigestFor, stricterSince } from './policy-decisions.js';
import { standingOf } from './standing.js';

interface Given {
  policy?: Partial<Policy>;
  step?: Partial<Step>;
  facts?: Partial<PolicyFacts>;
  objects?: KubeObject[];
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  more?: Partial<SafetyFacts>;
}

function given({ policy: own = {}, step = {}, facts = {}, objects = [], annotations, labels, more = {} }: Given): SafetyFacts {
  const { deployment: d, sets } = deployment('api', [{ available: 2 }], { completed: true });
  Object.assign(d.metadata, { ...(annotations ? { annotations } : {}), ...(labels ? { labels } : {}) });
  const at = { cluster: 'test', apiVersion: 'apps/v1', kind: 'Deployment', namespace: NS, name: 'api', uid: d.metadata.uid! };
  const full: Step = { ordinal: 0, action: 'increase_resources', target: at, parameters: {}, tier: 2, summary: '', reason: '', undo: { kind: 'none', why: '' }, timeoutS: 300, isWriting: true, changes: [], ...step };
  const policy: Policy = { ...DEFAULT_POLICY, ...own };
  const view = { pods: full.changes.length } as PolicyFacts['view'];
  return {
    now: NOW, target: at, step: full, world: worldOf([d, ...sets, ...objects]), problems: [], history: [], policy,
    scope: policyFor(policy, { namespace: NS, severity: 'critical', action: full.action, tier: full.tier }),
    groundedUids: new Set([at.uid]), source: 'rules', confidence: 0.9, policyFacts: { from: 'autonomy', view, rules: [], ...facts }, ...more,
  };
}

const rule = (effect: RuleHit['effect'], more: Partial<RuleHit> = {}): RuleHit => ({ name: 'r', origin: 'file', effect, message: 'because', ...more });
const signed = (more: Partial<Signed> = {}): Signed => ({ by: 'ana', reason: 'drill', until: '2999-01-01T00:00:00Z', actions: ['drain'], namespaces: [NS], ...more });
const namespace = (annotations: Record<string, string>) => object('v1', 'Namespace', NS, {}, { namespace: undefined, annotations });
const levels = { approve: { autonomy: 'approve' }, auto: { autonomy: 'auto' }, suggest: { autonomy: 'suggest' }, observe: { autonomy: 'observe' } } as const;
const tier3 = { action: 'drain', tier: 3 } as const;

describe('the level that a step stands at', () => {
  it.each<[string, Given, string, string]>([
    ['what the file says', { policy: levels.auto }, 'auto', 'autonomy'],
    ['an allow relaxes approve', { facts: { rules: [rule('allow')] } }, 'auto', 'r'],
    ['an allow does not relax suggest', { policy: levels.suggest, facts: { rules: [rule('allow')] } }, 'suggest', 'autonomy'],
    ['an allow does not relax observe', { policy: levels.observe, facts: { rules: [rule('allow')] } }, 'observe', 'autonomy'],
    ['an allow that failed allows nothing', { facts: { rules: [rule('allow', { failed: 'x' })] } }, 'approve', 'autonomy'],
    ['an observe tightens', { policy: levels.auto, facts: { rules: [rule('observe')] } }, 'observe', 'r'],
    ['a suggest tightens', { policy: levels.auto, facts: { rules: [rule('suggest')] } }, 'suggest', 'r'],
    ['a suggest does not relax observe', { policy: levels.observe, facts: { rules: [rule('suggest')] } }, 'observe', 'autonomy'],
    ['an allow beside a suggest', { facts: { rules: [rule('allow'), rule('suggest', { name: 's' })] } }, 'suggest', 's'],
    ['an annotation of the object tightens', { policy: levels.auto, annotations: { 'kubernaut.io/autonomy': 'approve' } }, 'approve', 'annotation kubernaut.io/autonomy of deployment api'],
    ['an annotation of the namespace tightens', { policy: levels.auto, objects: [namespace({ 'kubernaut.io/autonomy': 'observe' })] }, 'observe', `annotation kubernaut.io/autonomy of namespace ${NS}`],
    ['an annotation never relaxes', { annotations: { 'kubernaut.io/autonomy': 'auto' } }, 'approve', 'autonomy'],
    ['an annotation holds against an allow', { facts: { rules: [rule('allow')] }, annotations: { 'kubernaut.io/autonomy': 'approve' } }, 'approve', 'annotation kubernaut.io/autonomy of deployment api'],
    ['a dry run is observe, whatever is allowed', { policy: { dryRun: true }, facts: { rules: [rule('allow')] } }, 'observe', 'dryRun'],
    ['an allow without a signature is nothing to tier 3', { step: tier3, facts: { rules: [rule('allow')] } }, 'approve', 'autonomy'],
    ['a signature lets tier 3 go', { step: tier3, facts: { rules: [rule('allow', { signed: signed() })] } }, 'auto', 'r'],
    ['a signature does not relax observe', { policy: levels.observe, step: tier3, facts: { rules: [rule('allow', { signed: signed() })] } }, 'observe', 'autonomy'],
  ])('%s', (_what, g, autonomy, from) => expect(standingOf(given(g))).toMatchObject({ autonomy, from }));

  it.each<[string, Partial<Signed>, boolean]>([
    ['covers it', {}, true], ['names another action', { actions: ['expand_pvc'] }, false], ['names another namespace', { namespaces: ['pay'] }, false],
    ['names the object', { namespaces: undefined, names: ['ap*'] }, true], ['names another object', { names: ['web'] }, false],
    ['is over', { until: NOW }, false], ['has no bounds', { namespaces: [] }, false], ['has no day', { until: 'soon' }, false],
  ])('tier 3 under a signature that %s', (_what, more, may) => expect(standingOf(given({ policy: levels.auto, step: tier3, facts: { rules: [rule('allow', { signed: signed(more) })] } })).mayTier3).toBe(may));
});

const said = (g: Given): string[] => evaluateSafety(given(g)).findings.filter((f) => f.severity !== 'info').map((f) => `${f.severity} ${f.reason} ${f.rule ?? '-'}${f.escalates ? ' escalates' : ''}`);

describe('what stands in the way', () => {
  const auto = levels.auto;
  const evict = (i: number) => ({ op: 'evict' as const, ref: { apiVersion: 'v1', kind: 'Pod', namespace: NS, name: `p${i}` }, uid: `p${i}` });
  const hold = { effect: 'wait' as const, rule: 'weekend', kind: 'freeze' as const, canOverride: false, message: 'freeze weekend is on' };
  const count = { namespaceHour: 5, clusterDay: 5, workloadDay: 5 };
  it.each<[string, Given, string[]]>([
    ['nothing', { policy: auto }, []],
    ['a rule that denies', { policy: auto, facts: { rules: [rule('deny')] } }, ['deny policy_rule r']],
    ['a rule that asks', { policy: auto, facts: { rules: [rule('ask')] } }, ['ask policy_rule r']],
    ['a rule that cannot be evaluated asks, whatever it would say', { policy: auto, facts: { rules: [rule('deny', { failed: 'x' })] } }, ['ask policy_rule_failed r']],
    ['a deny beside an allow', { facts: { rules: [rule('allow'), rule('deny', { name: 'd' })] } }, ['deny policy_rule d']],
    ['an annotation that names no level', { policy: auto, annotations: { 'kubernaut.io/autonomy': 'yolo' } }, ['ask autonomy_annotation autonomy']],
    ['an allow lifts no word of a model alone', { facts: { rules: [rule('allow')] }, more: { source: 'model' } }, ['ask model_only -']],
    ['an allow lifts no protection', { facts: { rules: [rule('allow')] }, policy: { protectedNamespaces: [NS] } }, ['deny protected_namespace -']],
    ['an allow lifts no guard', { facts: { rules: [rule('allow')] }, more: { storm: { since: NOW, why: 'x', readAt: NOW } } }, ['deny storm - escalates']],
    ['an allow grounds nothing', { facts: { rules: [rule('allow')] }, more: { groundedUids: new Set() } }, ['deny not_grounded -']],
    ['a signature lifts no need for a person', { step: { ...tier3, needsApproval: 'the image is old' }, facts: { rules: [rule('allow', { signed: signed() })] } }, ['ask approval_required -']],
    ['a wait is told only', { policy: auto, facts: { hold: { ...hold, until: '2999-01-01T00:00:00Z' } } }, []],
    ['a wait without an end asks', { policy: auto, facts: { hold } }, ['ask freeze weekend']],
    ['a freeze that denies', { policy: auto, facts: { hold: { ...hold, effect: 'deny' } } }, ['deny freeze weekend']],
    ['outside of maintenance', { policy: auto, facts: { hold: { ...hold, kind: 'maintenance', effect: 'ask' } } }, ['ask outside_maintenance weekend']],
    ['a budget with room', { policy: { ...auto, disruptionBudget: { perNamespacePerHour: 6, exceeded: 'escalate' } }, facts: { disruptions: count } }, []],
    ['a budget that is used up', { policy: { ...auto, disruptionBudget: { perNamespacePerHour: 5, exceeded: 'escalate' } }, facts: { disruptions: count } }, ['deny disruption_limit disruptionBudget escalates']],
    ['a budget that asks', { policy: { ...auto, disruptionBudget: { perWorkloadPerDay: 3, exceeded: 'ask' } }, facts: { disruptions: count } }, ['ask disruption_limit disruptionBudget']],
    ['tier 1 uses no budget', { policy: { ...auto, disruptionBudget: { perClusterPerDay: 1, exceeded: 'ask' } }, step: { tier: 1 }, facts: { disruptions: count } }, []],
    ['protected by kind and name', { policy: { ...auto, protected: [{ kind: 'Deployment', name: 'a*' }] } }, ['deny protected_object protected.0']],
    ['protected by label', { policy: { ...auto, protected: [{ labels: { tier: 'gold' } }] }, labels: { tier: 'gold' } }, ['deny protected_object protected.0']],
    ['another is protected', { policy: { ...auto, protected: [{ kind: 'StatefulSet', name: 'api' }, { namespace: 'pay' }, { labels: { tier: 'gold' } }] } }, []],
    ['a policy server that denies', { policy: { ...auto, opa: { url: 'x' } }, facts: { opa: { decision: 'deny', reason: 'pci' } } }, ['deny external_policy opa']],
    ['a policy server that allows relaxes nothing', { policy: { opa: { url: 'x' } }, facts: { opa: { decision: 'allow' } } }, ['ask approval_required autonomy']],
    ['a silent policy server asks', { policy: { ...auto, opa: { url: 'x' } }, facts: { opa: { failed: 'down' } } }, ['ask external_policy_failed opa']],
    ['a silent policy server that shall deny', { policy: { ...auto, opa: { url: 'x', failure: 'deny' } }, facts: { opa: { failed: 'down' } } }, ['deny external_policy_failed opa']],
    ['a silent policy server that may be silent', { policy: { ...auto, opa: { url: 'x', failure: 'allow' } }, facts: { opa: { failed: 'down' } } }, []],
    ['nothing for what only reads', { policy: { ...auto, protected: [{ kind: '*' }], opa: { url: 'x' } }, step: { isWriting: false, tier: 0 }, facts: { rules: [rule('deny')], hold, opa: { failed: 'down' } } }, []],
  ])('%s', (_what, g, expected) => expect(said(g)).toEqual(expected));

  it('too many pods at once says the figures', () => {
    const many = given({ policy: { ...auto, disruptionBudget: { maxPodsAtOnce: 2, exceeded: 'ask' } }, step: { action: 'restart_pod', changes: [evict(1), evict(2), evict(3)] } });
    expect(evaluateSafety(many).findings.find((f) => f.reason === 'disruption_limit')!.message).toContain('3 pods at once, at most 2');
  });
});

describe('what is recorded', () => {
  it('the key that allowed, when nothing else spoke', () =>
    expect(policyDecisions(given({ policy: levels.auto, facts: { from: 'namespaces.shop.actions.restart_pod' } }))).toEqual([
      { rule: 'namespaces.shop.actions.restart_pod', effect: 'auto', why: `increase_resources on deployment ${NS}/api: allowed by namespaces.shop.actions.restart_pod` },
    ]));
  it('everything that spoke', () =>
    expect(policyDecisions(given({ facts: { rules: [rule('allow'), rule('deny', { name: 'd', failed: 'x' })], opa: { failed: 'down' }, disruptions: { namespaceHour: 1, clusterDay: 2, workloadDay: 3 } } })).map((d) => [d.rule, d.effect])).toEqual([
      ['r', 'auto'], ['r', 'allow'], ['d', 'ask'], ['disruptionBudget', 'count'], ['opa', 'ask'],
    ]));
});

describe('what moved since', () => {
  const ask = (more: Partial<SafetyFinding> = {}): SafetyFinding => ({ check: 'policy_rules', reason: 'policy_rule', message: 'm', severity: 'ask', rule: 'r', ...more });
  it.each<[string, SafetyFinding[], SafetyFinding[], number]>([
    ['nothing', [ask()], [ask({ message: 'other words' })], 0],
    ['fewer asks', [ask(), ask({ rule: 's' })], [ask()], 0],
    ['another rule asks', [ask()], [ask(), ask({ rule: 's' })], 1],
    ['what asked denies', [ask()], [ask({ severity: 'deny' })], 1],
    ['another key says approve', [ask({ check: 'autonomy', reason: 'approval_required', rule: 'autonomy' })], [ask({ check: 'autonomy', reason: 'approval_required', rule: 'namespaces.shop' })], 0],
    ['the cluster has its own voice', [], [ask({ check: 'quota', severity: 'deny' })], 0],
  ])('%s', (_what, before, now, moved) => {
    expect(stricterSince(asksOf(before), now)).toHaveLength(moved);
    if (before.length === now.length) expect(policyDigestFor(before) === policyDigestFor(now)).toBe(moved === 0);
  });
});
