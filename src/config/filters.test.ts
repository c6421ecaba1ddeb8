import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { FILTER_VARIABLES, viewOf } from '../domain/filter.js';
import type { Signal } from '../domain/signal.js';
import { loadFilters } from './filters.js';
import { watchFilters } from './watch-filters.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-filters-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let serial = 0;
function fileOf(text: string): string {
  const file = join(folder, `filters-${(serial += 1)}.yaml`);
  writeFileSync(file, text);
  return file;
}
const said = (text: string): string => {
  try {
    loadFilters(fileOf(text));
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
};
const rule = (fields: string): string => `rules:\n  - name: mine\n    when: alert == "A"\n    ${fields}\n`;

describe('filters.yaml', () => {
  it('holds the shipped rules where there is no file', () => {
    const { rules } = loadFilters();
    expect(rules.map((r) => r.name)).toEqual([
      'watchdog', 'info-inhibitor', 'environment-test', 'environment-development', 'environment-staging', 'environment-production', 'test-and-development-are-lowered',
    ]);
    expect(new Set(rules.map((r) => r.origin))).toEqual(new Set(['shipped']));
  });

  it('puts the rules of a file behind them, and one of the same name in its place', () => {
    const { rules } = loadFilters(fileOf('rules:\n  - { name: later, when: "true", route: { to: shop } }\n  - { name: watchdog, when: alert == "Mine", set: { priority: 5 } }\n'));
    expect(rules.map((r) => `${r.name} ${r.origin}`)).toEqual(expect.arrayContaining(['watchdog file', 'later file', 'info-inhibitor shipped']));
    expect(rules[0]).toMatchObject({ name: 'watchdog', origin: 'file', set: { priority: 5 } });
    expect(rules.at(-1)!.name).toBe('later');
  });

  it('switches shipped rules off, one by one or all', () => {
    expect(loadFilters(fileOf('without: [watchdog]')).rules.map((r) => r.name)).not.toContain('watchdog');
    expect(loadFilters(fileOf('shipped: false')).rules).toEqual([]);
    expect(loadFilters(fileOf('')).rules).toHaveLength(7);
  });

  it('reads every kind of rule', () => {
    const { rules } = loadFilters(
      fileOf(`shipped: false
rules:
  - { name: a, when: "true", suppress: { owner: ana, reason: moving, expires: 2030-01-31T00:00:00Z } }
  - { name: b, when: "true", set: { severity: critical, priority: 1, environment: production }, route: { to: payments }, delay: { for: 5m } }
  - { name: c, when: "true", atLeast: { count: 3, within: 10m, by: labels.deployment } }
  - { name: d, when: "true", atLeast: { count: 3, within: 10m } }
`),
    );
    expect(rules).toMatchObject([
      { suppress: { owner: 'ana', reason: 'moving', expires: '2030-01-31T00:00:00Z' } },
      { set: { severity: 'critical', priority: 1, environment: 'production' }, route: { to: 'payments' }, delay: { forMs: 300_000 } },
      { atLeast: { count: 3, withinMs: 600_000, by: { source: 'labels.deployment' } } },
      { atLeast: { by: { source: 'cluster + "/" + target.namespace + "/" + alert' } } },
    ]);
  });

  it.each([
    ['no YAML', 'rules: [', 'invalid YAML at line 1'],
    ['another shape', 'rules: {}', 'line 1, rules: got {}; expected a list'],
    ['an unknown key, with the near one', rule('dorp: { reason: x }'), 'line 4, rules.0.dorp: got an unknown key; expected one of name, when, drop'],
    ['no name', 'rules:\n  - when: "true"\n    drop: { reason: x }\n', 'line 2, rules.0.name: got nothing; expected a name of its own'],
    ['a rule without effect', 'rules:\n  - name: mine\n    when: "true"\n', 'line 2, rules.0: got a rule that does nothing'],
    ['drop beside delay', rule('drop: { reason: x }\n    delay: { for: 5m }'), 'expected drop or suppress alone'],
    ['drop without a reason', rule('drop: {}'), 'line 4, rules.0.drop.reason: got nothing; expected why nobody wants it'],
    ['suppress without an owner', rule('suppress: { reason: x, expires: 2030-01-31T00:00:00Z }'), 'rules.0.suppress.owner: got nothing; expected who answers for it'],
    ['suppress without an end', rule('suppress: { owner: ana, reason: x }'), 'rules.0.suppress.expires: got nothing'],
    ['an end without a zone', rule('suppress: { owner: ana, reason: x, expires: 2030-01-31 }'), 'expected a time with its zone'],
    ['an unknown severity', rule('set: { severity: urgent }'), 'got urgent; expected one of critical, high, warning, info'],
    ['a priority out of bounds', rule('set: { priority: 9 }'), 'got 9; expected a whole number from 1 to 5'],
    ['nothing to set', rule('set: {}'), 'expected severity, priority or environment'],
    ['no duration', rule('delay: { for: soon }'), 'got soon; expected a duration like 30s'],
    ['a delay of days', rule('delay: { for: 3d }'), 'expected more than nothing and at most 24h'],
    ['a delay of nothing', rule('delay: { for: 0s }'), 'expected more than nothing and at most 24h'],
    ['a minimum of one', rule('atLeast: { count: 1, within: 5m }'), 'expected a whole number from 2 to 1000'],
    ['a key that is no text', rule('atLeast: { count: 2, within: 5m, by: priority }'), 'line 4, rules.0.atLeast.by: got it gives int, where string is needed'],
    ['a mistake in CEL', 'rules:\n  - name: a\n    when: "true"\n    drop: { reason: x }\n  - name: b\n    when: severity == critical\n    drop: { reason: x }\n', 'line 6, rules.1.when: got Unknown variable: critical at character 13: severity == ⟨here⟩critical'],
    ['two of a name', 'rules:\n  - { name: a, when: "true", route: { to: x } }\n  - { name: a, when: "true", route: { to: y } }\n', 'line 3, rules.1.name: got a second rule a'],
    ['a shipped rule that is none', 'without: [wachtdog]', 'line 1, without.0: got wachtdog; expected a shipped rule: watchdog, info-inhibitor'],
  ])('refuses %s, and says where', (_what, text, message) => expect(said(text)).toContain(message));

  it('names every mistake at once', () => expect(said('rules:\n  - { name: a, when: x, drop: { reason: r } }\n  - { name: b, when: y, drop: { reason: r } }\n')).toMatch(/^2 settings are wrong[^]*rules\.0\.when[^]*rules\.1\.when/));
  it('refuses a file that is not there', () => expect(() => loadFilters('/none/filters.yaml')).toThrow(/ENOENT/));

  it('takes the example of the guide', () => {
    const example = /```yaml\n(rules:[^]*?)```/.exec(readFileSync('docs/guides/filters.md', 'utf8'))![1]!;
    expect(loadFilters(fileOf(example)).rules.filter((r) => r.origin === 'file').map((r) => r.name)).toContain('restarts-in-a-row');
  });

  it('knows a variable for everything that an expression may name', () => {
    const signal: Signal = { source: 's', cluster: 'c', fingerprint: 'f', status: 'firing', alert: 'a', severity: 'info', startsAt: '2030-01-01T00:00:00Z', receivedAt: '2030-01-01T00:00:00Z', labels: {}, annotations: {}, hints: [] };
    const view = viewOf(signal, '2030-01-01T00:00:00Z');
    expect(Object.keys(view).sort()).toEqual(Object.keys(FILTER_VARIABLES).sort());
    expect(Object.values(view)).not.toContain(undefined);
  });
});

describe('a filter file that changes', () => {
  const route = (to: string): string => `shipped: false\nrules:\n  - { name: a, when: "true", route: { to: ${to} } }\n`;

  it('takes the new rules, and keeps the old ones on any error', () => {
    const file = fileOf(route('one'));
    const heard: unknown[] = [];
    const watch = watchFilters(file, { onChange: ({ rules }) => heard.push(rules[0]!.route!.to), onError: (error) => heard.push((error as Error).name) });
    const inForce = () => watch.current().rules[0]!.route!.to;
    writeFileSync(file, route('two'));
    watch.check();
    expect([inForce(), watch.issue()]).toEqual(['two', undefined]);
    writeFileSync(file, 'rules: [');
    watch.check();
    watch.check();
    expect([inForce(), watch.issue()]).toEqual(['two', expect.stringContaining('old rules stay in force')]);
    rmSync(file);
    watch.check();
    expect([inForce(), watch.issue()]).toEqual(['two', expect.stringContaining('ENOENT')]);
    writeFileSync(file, route('two'));
    watch.check();
    expect([inForce(), watch.issue()]).toEqual(['two', undefined]);
    expect(heard).toEqual(['two', 'KubernautError', 'KubernautError']);
    watch.stop();
  });

  it('is re-read by itself', async () => {
    const file = fileOf(route('one'));
    const changed = new Promise<string>((resolve) => {
      const watch = watchFilters(file, { intervalMs: 20, onChange: ({ rules }) => (watch.stop(), resolve(rules[0]!.route!.to)) });
    });
    writeFileSync(file, route('two'));
    expect(await changed).toBe('two');
  });

  it('is refused at the start when it is bad', () => expect(() => watchFilters(fileOf('rules: ['))).toThrow(/invalid YAML/));
});
