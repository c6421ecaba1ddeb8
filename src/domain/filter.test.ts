import { describe, expect, it } from '@jest/globals';
import { loadFilters } from '../config/filters.js';
import { actedOn, endedBecause, heldForMs, judge, type FilterRule } from './filter.js';
import type { Answer } from './expression.js';
import type { Signal } from './signal.js';

const NOW = '2030-01-01T00:10:00.000Z';
const signal = (more: Partial<Signal> = {}): Signal => ({
  source: 'alertmanager', cluster: 'prod', fingerprint: 'f1', status: 'firing', alert: 'KubePodCrashLooping', severity: 'warning', startsAt: '2030-01-01T00:00:00.000Z',
  receivedAt: NOW, labels: {}, annotations: {}, hints: [{ kind: 'Deployment', namespace: 'shop', name: 'api' }], ...more,
});

type View = Record<string, unknown>;
const when = (test: (view: View) => Answer<boolean> | boolean): FilterRule['when'] => ({ source: '', evaluate: (view) => toAnswer(test(view as View)) });
const toAnswer = <T>(a: Answer<T> | T): Answer<T> => (typeof a === 'object' ? (a as Answer<T>) : { value: a });
const rule = (name: string, more: Partial<FilterRule>): FilterRule => ({ name, origin: 'file', when: when(() => true), ...more });
const drop = { drop: { reason: 'noise' } };

describe('rules in order', () => {
  it('let each see what those above it set', () => {
    const rules = [
      rule('classify', { set: { environment: 'production', severity: 'critical' } }),
      rule('first', { when: when((v) => v.environment === 'production' && v.severity === 'critical' && v.priority === 1n), set: { priority: 2 } }),
      rule('route', { when: when((v) => v.priority === 2n), route: { to: 'night' } }),
    ];
    const judged = judge(rules, signal(), NOW);
    expect(judged.signal).toMatchObject({ environment: 'production', severity: 'critical', priority: 2, route: 'night' });
    expect(actedOn(judged)).toEqual(['classify', 'first', 'route']);
  });

  it('let a later one replace what an earlier one said', () => {
    const by = { source: '', evaluate: () => ({ value: 'k' }) };
    const judged = judge([rule('a', { route: { to: 'a' }, delay: { forMs: 1 }, atLeast: { count: 2, withinMs: 9, by } }), rule('b', { route: { to: 'b' }, delay: { forMs: 5 }, atLeast: { count: 4, withinMs: 9, by } })], signal(), NOW);
    expect([judged.signal.route, judged.delay!.rule.name, judged.delay!.forMs, judged.atLeast]).toEqual(['b', 'b', 5, { rule: expect.objectContaining({ name: 'b' }), count: 4, withinMs: 9, key: 'k' }]);
  });

  it('end with drop and suppress', () => {
    const judged = judge([rule('stop', drop), rule('never', { route: { to: 'x' } })], signal(), NOW);
    expect([judged.end!.name, judged.signal.route, judged.tried.map((t) => t.result)]).toEqual(['stop', undefined, ['matched', 'not_reached']]);
  });

  it('never change the signal that was given', () => {
    const given = Object.freeze(signal());
    judge([rule('set', { set: { priority: 1 } })], given, NOW);
    expect(given.priority).toBeUndefined();
  });

  it('are passed over when they cannot be evaluated, or ask for what is not there', () => {
    const rules = [
      rule('broken', { ...drop, when: when(() => ({ error: 'no such function' })) }),
      rule('label', { ...drop, when: when(() => ({ missing: 'tier' })) }),
      rule('key', { atLeast: { count: 2, withinMs: 1, by: { source: '', evaluate: () => ({ missing: 'deployment' }) } } }),
    ];
    const judged = judge(rules, signal(), NOW);
    expect([judged.end, judged.atLeast, judged.tried.map((t) => [t.result, t.note])]).toEqual([undefined, undefined, [['failed', 'no such function'], ['missing', 'tier'], ['missing', 'deployment']]]);
  });
});

describe('a suppression', () => {
  const until = (expires: string) => rule('quiet', { suppress: { owner: 'ana', reason: 'moving house', expires } });

  it('holds until it expires', () => {
    expect(judge([until('2030-01-01T00:10:00.001Z')], signal(), NOW).end).toBeDefined();
    expect(judge([until('2030-01-01T00:10:00Z')], signal(), NOW)).toMatchObject({ tried: [{ result: 'expired' }] });
    expect(judge([until('2030-01-01T02:09:00+02:00')], signal(), NOW).end).toBeUndefined();
  });

  it('says who, why and until when', () => expect(endedBecause(until('2030-02-01T00:00:00Z'))).toBe('filter rule quiet suppresses it until 2030-02-01T00:00:00Z: moving house (ana)'));
  it('differs from a drop', () => expect(endedBecause(rule('noise', drop))).toBe('filter rule noise drops it: noise'));
});

describe('a delay', () => {
  const held = (startsAt: string, forMs: number): number => heldForMs(judge([rule('slow', { delay: { forMs } })], signal({ startsAt }), NOW), NOW);
  it.each([
    ['counts from the start of the alert', '2030-01-01T00:08:00Z', 300_000, 180_000],
    ['is over for what fires for longer', '2030-01-01T00:00:00Z', 300_000, 0],
    ['is never longer than it says, however wrong the clock of the sender', '2031-01-01T00:00:00Z', 300_000, 300_000],
  ])('%s', (_what, startsAt, forMs, expected) => expect(held(startsAt, forMs)).toBe(expected));
  it('is nothing where no rule says so', () => expect(heldForMs(judge([], signal(), NOW), NOW)).toBe(0));
});

describe('the shipped rules', () => {
  const { rules } = loadFilters();
  const inNamespace = (namespace: string, more: Partial<Signal> = {}) => judge(rules, signal({ hints: [{ kind: 'Deployment', namespace, name: 'api' }], ...more }), NOW);

  it.each(['Watchdog', 'DeadMansSwitch', 'InfoInhibitor'])('drop %s', (alert) => expect(judge(rules, signal({ alert }), NOW).end!.drop!.reason).toBeTruthy());

  it.each([
    ['test', 'test'], ['test-api', 'test'], ['shop-test', 'test'], ['qa', 'test'], ['dev-ana', 'development'], ['shop-dev', 'development'], ['staging', 'staging'], ['shop-staging', 'staging'],
    ['prod', 'production'], ['shop-prod', 'production'], ['shop', undefined], ['latest', undefined], ['devices', undefined], ['contest', undefined], ['product', undefined],
  ])('take namespace %s for %s', (namespace, environment) => expect(inNamespace(namespace).signal.environment).toBe(environment));

  it('believe the label first', () => {
    expect(inNamespace('shop-test', { labels: { env: 'production' }, severity: 'critical' })).toMatchObject({ signal: { severity: 'critical' } });
    expect(inNamespace('shop', { labels: { environment: 'dev' }, severity: 'critical' })).toMatchObject({ signal: { severity: 'warning', priority: 4 } });
  });

  it.each<[string, Signal['severity'], Signal['severity']]>([['shop-test', 'critical', 'warning'], ['dev', 'high', 'warning'], ['dev', 'info', 'info'], ['shop', 'critical', 'critical'], ['prod', 'critical', 'critical']])(
    'leave in namespace %s of %s %s', (namespace, severity, left) => expect(inNamespace(namespace, { severity }).signal.severity).toBe(left),
  );

  it('can be evaluated on a signal that says nothing', () => {
    expect(judge(rules, signal({ hints: [], labels: {}, alert: '' }), NOW).tried.map((t) => t.result)).toEqual(rules.map(() => 'no_match'));
  });
});
