import { describe, expect, it } from '@jest/globals';
import { createCel, LIMITS } from './expression.js';

const VARIABLES = { alert: 'string', priority: 'int', labels: 'map<string, string>', startsAt: 'google.protobuf.Timestamp', now: 'google.protobuf.Timestamp', target: { kind: 'string', namespace: 'string' } };
const cel = createCel(VARIABLES);
const labels = Object.assign(Object.create(null) as Record<string, string>, { team: 'payments', pod: 'api-1', toString: 'legal' });
const view = { alert: 'KubePodCrashLooping', priority: 2n, labels, startsAt: new Date('2030-01-01T00:00:00Z'), now: new Date('2030-01-01T00:10:00Z'), target: { kind: 'Pod', namespace: 'shop' } };

function answer(source: string, over: object = {}) {
  const compiled = cel.compile(source, 'bool');
  if ('problem' in compiled) throw new Error(compiled.problem);
  return compiled.expression.evaluate({ ...view, ...over });
}
const problem = (source: string): string => {
  const compiled = cel.compile(source, 'bool');
  return 'problem' in compiled ? compiled.problem : 'none';
};

describe('an expression', () => {
  it.each<[string, object]>([
    ['alert == "KubePodCrashLooping"', { value: true }],
    ['alert.startsWith("Kube") && labels.team == "payments"', { value: true }],
    ['labels["team"] in ["search", "ads"]', { value: false }],
    ['has(labels.team) && !has(labels.tier)', { value: true }],
    ['"tier" in labels', { value: false }],
    ['labels.toString == "legal"', { value: true }],
    ['labels.exists(k, k.startsWith("t"))', { value: true }],
    ['labels.all(k, labels[k].size() < 20)', { value: true }],
    ['now - startsAt > duration("5m")', { value: true }],
    ['priority < 3', { value: true }],
    ['target.namespace == "shop" && target.kind in ["Pod"]', { value: true }],
    ['alert.matches("^Kube.*Looping$")', { value: true }],
    ['labels.exists(k, labels[k].matches("^api-[0-9]+$"))', { value: true }],
    ['labels.tier == "canary"', { missing: 'tier' }],
    ['labels.tier != "canary"', { missing: 'tier' }],
    ['labels.constructor == "x"', { missing: 'constructor' }],
    ['labels.tier == "canary" || priority == 2', { value: true }],
    ['labels.map(k, k)[9] == "x"', { error: 'No such key: index out of bounds, index 9 >= size 3' }],
    ['int(alert) > 1', { error: expect.stringContaining('int()') }],
    ['now.getHours("No/Where") > 1', { error: expect.stringContaining('time zone') }],
  ])('%s', (source, said) => expect(answer(source)).toEqual(said));

  it('gives a text where a text is asked for', () => {
    const compiled = cel.compile('labels.team + "/" + alert', 'string');
    expect('expression' in compiled && compiled.expression.evaluate(view)).toEqual({ value: 'payments/KubePodCrashLooping' });
  });
});

describe('what is refused before it runs', () => {
  it.each([
    ['alert ==', 'Unexpected token'],
    ['alert == 3', 'no such overload: string == int'],
    ['target.nmespace == "x"', 'No such key: nmespace'],
    ['namespace == "x"', 'Reserved identifier: namespace'],
    ['alrt == "x"', 'Unknown variable: alrt'],
    ['alert', 'it gives string, where bool is needed'],
    ['process.exit(1) == 1', 'Unknown variable: process'],
    ['alert.matches("(?=a)b")', 'RE2 syntax'],
    ['alert.matches("(a{1000}){1000}")', 'invalid repeat count'],
    ['alert.matches(labels.pattern)', 'must be a text in quotes'],
    [`alert.matches("${'a'.repeat(257)}")`, 'may have 256 characters'],
    ['alert.matchesInLinearTime("x")', 'write matches'],
    ['labels.exists(a, labels.exists(b, a == b))', 'exists inside another loop'],
    ['labels.map(a, a).exists(a, labels.filter(b, true).size() > 1)', 'filter inside another loop'],
    ['cel.bind(x, alert + alert, x == "")', 'cel.bind is not available'],
    ['true && '.repeat(200) + 'true', 'an expression may have 1024 characters'],
    ['1+'.repeat(400) + '1 == 1', 'Exceeded'],
    ['('.repeat(40) + 'true' + ')'.repeat(40), 'Exceeded'],
  ])('%s', (source, said) => expect(problem(source)).toContain(said));

  it('says where', () => expect(cel.compile('alert == "x" && foo', 'bool')).toEqual({ problem: 'Unknown variable: foo', at: 16 }));
  it('allows loops in a row', () => expect(problem('labels.map(k, k).filter(k, k != "a").exists(k, k == "team")')).toBe('none'));
});

describe('what it may cost', () => {
  it('looks for a pattern in linear time, where others backtrack for ever', () => {
    const begun = performance.now();
    expect(answer('alert.matches("^(a+)+$")', { alert: `${'a'.repeat(2000)}!` })).toEqual({ value: false });
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('ends after its time', () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, 'a'.repeat(2000)]));
    const begun = performance.now();
    expect(answer('labels.exists(k, labels[k].matches("[ab]*a[ab]{100}[cd]"))', { labels: many })).toEqual({ error: `it took longer than ${LIMITS.evaluationMs} ms` });
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(answer('labels.exists(k, k == "team")')).toEqual({ value: true });
  });
});
