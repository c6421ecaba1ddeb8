import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY, type Policy } from '../domain/policy.js';
import { judgeRules, type PolicyRule, type PolicyView } from '../domain/policy-rule.js';
import { policyReading, shippedRules } from './compile.js';

const reading = policyReading();
const VIEW: PolicyView = {
  action: 'scale_deployment', tier: 1, target: { kind: 'Deployment', namespace: 'shop', name: 'api', labels: { app: 'api' } }, parameters: { replicas: 6, name: 'api', ratio: 0.5 },
  namespaceLabels: { team: 'search' }, environment: 'prod', severity: 'critical', alert: 'HighLatency', alerts: ['HighLatency', 'PodNotReady'], alertLabels: { job: 'api' },
  source: 'rules', confidence: 0.9, cluster: 'prod-eu', replicas: 4, readyReplicas: 3, pods: 0, now: '2026-11-20T22:30:00.000Z',
};
const policyWith = (more: Partial<Policy>): Policy => ({ ...DEFAULT_POLICY, ...more });
const hits = (when: string, view: Partial<PolicyView> = {}, effect: PolicyRule['effect'] = 'ask') =>
  judgeRules(reading.rules(policyWith({ rules: [{ name: 'r', when, effect }], shippedRules: { enabled: false, without: [] } })), { ...VIEW, ...view });

describe('a rule sees', () => {
  it.each([
    'action == "scale_deployment" && tier == 1',
    'target.kind == "Deployment" && target.namespace.startsWith("sh") && target.labels.app == "api"',
    'parameters.replicas > replicas && parameters.replicas <= 10',
    'parameters.ratio < 0.6',
    'has(namespaceLabels.team) && namespaceLabels.team == "search"',
    'environment == "prod" && severity in ["critical", "high"]',
    'alert == "HighLatency" && "PodNotReady" in alerts && alertLabels.job == "api"',
    'source == "rules" && confidence >= 0.9 && cluster.matches("^prod-")',
    'readyReplicas < replicas && pods == 0',
    'now.getHours("Europe/Berlin") == 23 && now.getDayOfWeek() == 5',
  ])('%s', (when) => expect(hits(when)).toMatchObject([{ name: 'r', effect: 'ask' }]));

  it('nothing where it does not hold', () => expect(hits('environment == "dev"')).toEqual([]));
});

describe('a rule that cannot be evaluated', () => {
  it.each<[string, string]>([
    ['a label that is not there', 'namespaceLabels.tier == "gold"'],
    ['a time zone that is none', 'now.getHours("No/Where") == 1'],
    ['numbers compared with texts', 'parameters.name > 3'],
  ])('asks a person by its name: %s', (_what, when) => expect(hits(when, {}, 'deny')).toMatchObject([{ name: 'r', failed: expect.any(String) }]));

  it('does not allow because a label is missing, and does not ask for it either', () => expect(hits('namespaceLabels.tier == "gold"', {}, 'allow')).toEqual([]));
});

describe('the shipped rules', () => {
  const names = (policy: Partial<Policy>) => reading.rules(policyWith(policy)).map((r) => `${r.origin} ${r.rule.name}`);

  it('hold without a rule of your own', () => {
    expect(names({})).toEqual(shippedRules().map((r) => `shipped ${r.name}`));
    expect(shippedRules().length).toBeGreaterThan(3);
  });
  it('are switched off one by one, or all', () => {
    expect(names({ shippedRules: { enabled: true, without: ['large-workload-asks'] } })).not.toContain('shipped large-workload-asks');
    expect(names({ shippedRules: { enabled: false, without: [] } })).toEqual([]);
  });
  it('are replaced by one of the same name', () => {
    const own = names({ rules: [{ name: 'large-workload-asks', when: 'replicas > 5', effect: 'deny' }] });
    expect(own.filter((n) => n.endsWith('large-workload-asks'))).toEqual(['file large-workload-asks']);
  });

  it.each<[string, Partial<PolicyView>, string[]]>([
    ['an ordinary step', {}, []],
    ['a namespace that its owner closed', { namespaceLabels: { 'kubernaut.io/freeze': 'true' } }, ['namespace-frozen-by-label']],
    ['a critical namespace', { namespaceLabels: { 'kubernaut.io/criticality': 'high' }, tier: 2 }, ['critical-namespace-asks']],
    ['an unsure step in production', { confidence: 0.5 }, ['production-asks-when-unsure']],
    ['a large workload', { replicas: 200, tier: 2 }, ['large-workload-asks']],
    ['many pods', { pods: 11 }, ['many-pods-at-once-asks']],
    ['a drain of many pods goes five by five', { pods: 30, action: 'drain_node' }, []],
  ])('%s', (_what, view, expected) => {
    const found = judgeRules(reading.rules(DEFAULT_POLICY), { ...VIEW, ...view });
    expect(found.map((h) => h.name)).toEqual(expected);
    expect(found.filter((h) => h.failed)).toEqual([]);
  });
});
