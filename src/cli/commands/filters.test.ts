import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kubernaut } from '../../../test/support/cli.js';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, TOKEN, webhookOf } from '../../../test/support/gateway.js';
import { watchFilters } from '../../config/watch-filters.js';
import { createFilters } from '../../gateway/filters.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-cli-filters-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function fileOf(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}
const rules = fileOf('filters.yaml', `
rules:
  - name: lab
    when: labels.room == "lab"
    drop: { reason: nobody is called for the lab }
  - name: moving
    when: target.namespace == "shop"
    suppress: { owner: ana, reason: the database moves, expires: 2029-01-01T00:00:00Z }
  - name: night
    when: severity == "critical"
    set: { priority: 2 }
    route: { to: night-shift }
  - name: odd
    when: int(labels.number) > 3
    drop: { reason: odd }
  - name: slow
    when: alert == "SlowBurn"
    delay: { for: 10m }
  - name: three
    when: alert == "Restarts"
    atLeast: { count: 3, within: 10m }
`);
const alert = (labels: Record<string, string>, startsAt = '2030-01-01T09:00:00Z') => ({ startsAt, labels: { alertname: 'KubePodCrashLooping', namespace: 'bank', deployment: 'api', ...labels } });
const test = (given: unknown, ...more: string[]) => kubernaut('filters', 'test', rules, '-f', fileOf('alert.json', given), '--at', '2030-01-01T09:04:00Z', ...more);

describe('kubernaut filters test', () => {
  it('lists the rules of a good file behind the shipped ones', async () => {
    const { code, out, err } = await kubernaut('filters', 'test', rules);
    expect([code, out.split('\n').map((line) => line.split(/ {3,}/)[0]).slice(0, 2)]).toEqual([0, ['NAME', 'watchdog']]);
    expect(out).toMatch(/^night +file +in_force +- +set priority 2; route to night-shift +severity == "critical"$/m);
    expect(out).toMatch(/^moving +file +(in_force|expired) +ana/m);
    expect(err).toMatch(/^(issue: filter rule moving of ana expired.*\n)?$/);
  });

  it('ends with 1 and every mistake with its line', async () => {
    const bad = fileOf('bad.yaml', 'rules:\n  - name: a\n    when: severity == critical\n    drop: { reason: x }\n  - name: b\n    when: "true"\n');
    const { code, out, err } = await kubernaut('filters', 'test', bad);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('bad.yaml line 3, rules.0.when: got Unknown variable: critical at character 13');
    expect(err).toContain('bad.yaml line 5, rules.1: got a rule that does nothing');
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['a dropped alert', { room: 'lab' }, ['lab +matched +drop', 'night +not reached', '=> suppressed: filter rule lab drops it: nobody is called for the lab']],
    ['an expired suppression', { namespace: 'shop' }, ['moving +expired +no longer acts', '=> goes on \\(severity warning, priority 3\\)']],
    ['a label that is not there', {}, ['lab +no match +it has no room', 'night +no match']],
    ['a rule that fails', { number: 'many' }, ['odd +failed +cannot be evaluated: int\\(\\)', '=> goes on']],
    ['what rules set', { severity: 'critical', namespace: 'bank-prod' }, ['environment-production +matched +set environment production', '=> goes on \\(severity critical, priority 2, environment production, route night-shift\\)']],
    ['a delay', { alertname: 'SlowBurn' }, ['slow +matched', '=> held: filter rule slow holds it back for 6m']],
    ['a minimum count', { alertname: 'Restarts', cluster: 'any' }, ['=> held: filter rule three waits until 3 with the key "any/bank/Restarts" start within 10m']],
  ])('tells %s', async (_what, labels, lines) => {
    const { code, out } = await test(alert(labels));
    expect(code).toBe(0);
    for (const line of lines) expect(out).toMatch(new RegExp(line));
  });

  it('takes several alerts, and writes documents', async () => {
    const { out } = await test([alert({}), alert({ room: 'lab' })], '-o', 'json');
    const { items } = JSON.parse(out);
    expect(items.map((i: any) => i.verdict)).toEqual(['goes on', 'suppressed']);
    expect(items[1]).toMatchObject({ alert: 'KubePodCrashLooping', status: 'firing', reason: expect.stringContaining('filter rule lab'), signal: { severity: 'warning', priority: 3 } });
    expect(items[1].rules.find((r: any) => r.name === 'lab')).toEqual({ name: 'lab', result: 'matched', does: 'drop' });
    expect((await test(alert({}), '-o', 'name')).out).toMatch(/^[0-9a-f]{16} goes on\n$/);
  });

  it('lets no text of an alert reach the terminal as it is', async () => expect((await test(alert({ alertname: 'x\u001b[31m' }))).out).not.toContain('\u001b'));

  it.each([
    [['filters', 'test'], "missing required argument 'rules'"],
    [['filters', 'test', rules, '-f', join(folder, 'none.json')], 'none.json'],
    [['filters', 'test', rules, '-f', 'ALERT', '--at', 'noon'], 'noon is not a time'],
  ])('%j ends with 2', async (args, said) => {
    const { code, err } = await kubernaut(...args.map((a) => (a === 'ALERT' ? fileOf('a.json', alert({})) : a)));
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  });

  it('ends with 2 for a file without an alert', async () => expect((await test({ hello: 1 })).code).toBe(2));
  it('ends with 1 for a file that is not there', async () => expect(await kubernaut('filters', 'test', join(folder, 'none.yaml'))).toMatchObject({ code: 1, err: expect.stringContaining('ENOENT') }));
});

describe('with a gateway', () => {
  let talk: Awaited<ReturnType<typeof talkTo>>;
  const at = (...args: string[]) => kubernaut(...args, '--gateway', talk.gateway.url, '--token', TOKEN, '--data-dir', folder);
  beforeAll(async () => {
    const filters = createFilters(watchFilters(rules));
    talk = await talkTo(gatewayDeps({ ...memoryStore(), ...memoryTemporal(), filters, policyIssues: () => filters.issues(), now: () => '2030-01-01T09:04:00.000Z' }));
  });
  afterAll(() => talk.gateway.close());

  it('kubernaut filters lists what is in force, what it did, and what is wrong', async () => {
    await talk.send('POST', '/alerts', webhookOf(alertOf({ labels: { room: 'lab' } })));
    const { code, out, err } = await at('filters', '-o', 'wide');
    expect(code).toBe(0);
    expect(out).toMatch(/^lab +file +in_force +1 +\w+ +- +drop +labels\.room == "lab"$/m);
    expect(out).toMatch(/^moving +file +expired/m);
    expect(err).toContain('issue: filter rule moving of ana expired at 2029-01-01T00:00:00Z');
    expect(JSON.parse((await at('filters', '-o', 'json')).out).items[0].name).toBe('watchdog');
  });

  it('kubernaut why-not names the rule', async () => {
    const given = alertOf({ labels: { room: 'lab' } });
    await talk.send('POST', '/alerts', webhookOf(given));
    expect((await at('why-not', given.fingerprint)).out).toMatch(/suppressed +- +filter rule lab drops it: nobody is called for the lab/);
  });
});
