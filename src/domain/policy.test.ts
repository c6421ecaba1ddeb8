import { describe, expect, it } from '@jest/globals';
import { matchesGlob } from './glob.js';
import { autonomyFor, DEFAULT_POLICY, environmentFor, policyFor, type Policy } from './policy.js';

const PLACE = { namespace: 'shop', environment: 'prod', severity: 'critical', action: 'restart_pod', tier: 2 } as const;

/** From the weakest to the strongest: each of these beats all above it. */
const LADDER: [string, Partial<Policy>][] = [
  ['autonomy', { autonomy: 'approve' }],
  ['severities.critical', { severities: { critical: { autonomy: 'suggest' } } }],
  ['tiers.2', { tiers: { 2: { autonomy: 'auto' } } }],
  ['environments.prod', { environments: { prod: { autonomy: 'observe' } } }],
  ['namespaces.shop', { namespaces: { shop: { autonomy: 'auto' } } }],
  ['actions.restart_pod', { actions: { restart_pod: { autonomy: 'suggest' } } }],
  ['environments.prod.tiers.2', { environments: { prod: { autonomy: 'observe', tiers: { 2: { autonomy: 'approve' } } } } }],
  ['namespaces.shop.tiers.2', { namespaces: { shop: { autonomy: 'auto', tiers: { 2: { autonomy: 'observe' } } } } }],
  ['environments.prod.actions.restart_pod', { environments: { prod: { autonomy: 'observe', actions: { restart_pod: { autonomy: 'auto' } }, tiers: { 2: { autonomy: 'approve' } } } } }],
  ['namespaces.shop.actions.restart_pod', { namespaces: { shop: { autonomy: 'auto', actions: { restart_pod: { autonomy: 'approve' } }, tiers: { 2: { autonomy: 'observe' } } } } }],
];

describe('the most specific wins', () => {
  it.each(LADDER.map(([from], i) => [from, i] as const))('%s beats all above it', (from, i) => {
    const policy = Object.assign({}, DEFAULT_POLICY, ...LADDER.slice(0, i + 1).map(([, p]) => p)) as Policy;
    expect(autonomyFor(policy, PLACE).from).toBe(from);
    expect(policyFor(policy, PLACE).autonomy).toBe(autonomyFor(policy, PLACE).autonomy);
  });

  it('takes each thing from the most specific place that says it', () => {
    const policy: Policy = { ...DEFAULT_POLICY, severities: { critical: { approvalTimeout: '10m' } }, environments: { prod: { autonomy: 'approve', actions: { restart_pod: { maxReplicas: 5 } } } }, namespaces: { shop: { autonomy: 'auto' } } };
    expect(policyFor(policy, PLACE)).toEqual({ autonomy: 'auto', approvalTimeout: '10m', maxReplicas: 5 });
  });

  it('says nothing of tiers where the tier is not known, and takes odd names as names', () => {
    const policy: Policy = { ...DEFAULT_POLICY, tiers: { 2: { autonomy: 'auto' } } };
    expect(autonomyFor(policy, { severity: 'info', action: 'restart_pod' }).from).toBe('autonomy');
    expect(autonomyFor(policy, { ...PLACE, tier: 1, namespace: 'constructor', environment: 'toString' }).from).toBe('autonomy');
  });
});

describe('the environment of a namespace', () => {
  const policy: Policy = { ...DEFAULT_POLICY, environments: { prod: { namespaces: ['shop', 'pay-*'] }, dev: {} } };
  it.each<[string, string | undefined, Record<string, string>, string | undefined]>([
    ['by name', 'shop', {}, 'prod'],
    ['by glob', 'pay-eu', {}, 'prod'],
    ['by name, whatever its labels say', 'shop', { environment: 'dev' }, 'prod'],
    ['by its first label', 'blog', { env: 'dev', 'kubernaut.io/environment': 'test' }, 'dev'],
    ['by none', 'blog', { stage: 'dev' }, undefined],
    ['an empty label says nothing', 'blog', { environment: '', env: 'dev' }, 'dev'],
    ['a node has none', undefined, { environment: 'dev' }, undefined],
  ])('%s', (_what, namespace, labels, expected) => expect(environmentFor(policy, namespace, labels)).toBe(expected));
});

describe('a glob', () => {
  it.each<[string, string, boolean]>([
    ['shop', 'shop', true], ['shop', 'shop2', false], ['*', '', true], ['shop-*', 'shop-', true], ['shop-*', 'shop', false], ['*-prod', 'a-prod-prod', true],
    ['a*b*c', 'aXbYc', true], ['a*b*c', 'aXcYb', false], ['?-1', 'a-1', true], ['?-1', '-1', false], ['**', 'x', true], ['a.c', 'abc', false],
  ])('%s and %s: %s', (pattern, text, fits) => expect(matchesGlob(pattern, text)).toBe(fits));

  it('ends at once on what makes others backtrack', () => expect(matchesGlob(`${'*a'.repeat(60)}b`, 'a'.repeat(20_000))).toBe(false));
});
