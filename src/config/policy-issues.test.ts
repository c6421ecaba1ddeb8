import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isKubernautError } from '../domain/errors.js';
import { loadConfig } from './load.js';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'policy-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(policy: object) {
  const file = join(folder, 'kubernaut.yaml');
  writeFileSync(file, JSON.stringify({ policy }));
  return loadConfig({ file, env: {}, actionIds: ['restart_pod', 'drain_node'] }).policy;
}

function wrong(policy: object): { path: string; got: string; expected: string; example: string }[] {
  try {
    load(policy);
  } catch (error) {
    if (isKubernautError(error, 'ConfigInvalid')) return error.details.issues as never;
    throw error;
  }
  return [];
}

const rule = (more: object = {}) => ({ name: 'r', when: 'tier >= 2', effect: 'ask', ...more });
const weekly = (more: object = {}) => ({ name: 'w', kind: 'freeze', schedule: '0 22 * * FRI', duration: '8h', ...more });
const signed = (more: object = {}) => ({ by: 'ana', reason: 'drill', until: '2030-01-31T00:00:00Z', actions: ['drain_node'], names: ['worker-*'], ...more });

describe('what is wrong with a policy is said with its path', () => {
  it.each<[string, object, string, string]>([
    ['an expression', { rules: [rule({ when: 'tier > ' })] }, 'policy.rules.0.when', 'at character'],
    ['an unknown variable', { rules: [rule({ when: 'tir > 1' })] }, 'policy.rules.0.when', 'Unknown variable: tir'],
    ['an expression that gives a number', { rules: [rule({ when: 'tier' })] }, 'policy.rules.0.when', 'where bool is needed'],
    ['an expression that is too long', { rules: [rule({ when: `tier > 1 ${'|| tier > 1'.repeat(200)}` })] }, 'policy.rules.0.when', '1024 characters'],
    ['an unknown effect', { rules: [rule({ effect: 'refuse' })] }, 'policy.rules.0.effect', 'refuse'],
    ['an unknown key', { rules: [rule({ wen: 'x' })] }, 'policy.rules.0.wen', 'an unknown key'],
    ['a channel that is not there', { approvals: { escalateTo: ['log', 'pager'] } }, 'policy.approvals.escalateTo.1', 'pager'],
    ['a name twice', { rules: [rule(), rule()] }, 'policy.rules.1.name', 'a second r'],
    ['a signature that allows nothing', { rules: [rule({ signed: signed() })] }, 'policy.rules.0.signed', 'effect: ask'],
    ['a signature without bounds', { rules: [rule({ effect: 'allow', signed: signed({ names: [] }) })] }, 'policy.rules.0.signed.namespaces', 'no bounds'],
    ['a signature for everything', { rules: [rule({ effect: 'allow', signed: signed({ namespaces: ['*'] }) })] }, 'policy.rules.0.signed.namespaces', 'fit everything'],
    ['a signature for an unknown action', { rules: [rule({ effect: 'allow', signed: signed({ actions: ['reboot'] }) })] }, 'policy.rules.0.signed.actions.0', 'reboot'],
    ['a signature until a day that is none', { rules: [rule({ effect: 'allow', signed: signed({ until: '2030-13-31T00:00:00Z' }) })] }, 'policy.rules.0.signed.until', '2030-13'],
    ['a shipped rule that is none', { shippedRules: { without: ['nope'] } }, 'policy.shippedRules.without.0', 'nope'],
    ['a schedule', { windows: [weekly({ schedule: '0 25 * * FRI' })] }, 'policy.windows.0.schedule', 'hour'],
    ['a schedule that never happens', { windows: [weekly({ schedule: '0 0 30 2 *' })] }, 'policy.windows.0.schedule', 'never happens'],
    ['a schedule with seconds', { windows: [weekly({ schedule: '0 0 22 * * FRI' })] }, 'policy.windows.0.schedule', '0 0 22'],
    ['a schedule without an end', { windows: [weekly({ duration: undefined })] }, 'policy.windows.0.duration', 'nothing'],
    ['a schedule that lasts too long', { windows: [weekly({ duration: '93d' })] }, 'policy.windows.0.duration', '93d'],
    ['a time zone', { windows: [weekly({ timezone: 'Europe/Nowhere' })] }, 'policy.windows.0.timezone', 'Europe/Nowhere'],
    ['a schedule beside times', { windows: [weekly({ from: '2030-01-01T00:00:00Z' })] }, 'policy.windows.0', 'a schedule beside from'],
    ['neither', { windows: [{ name: 'w', kind: 'freeze' }] }, 'policy.windows.0', 'neither'],
    ['an end before its beginning', { windows: [{ name: 'w', kind: 'freeze', from: '2030-01-02T00:00:00Z', to: '2030-01-01T00:00:00Z' }] }, 'policy.windows.0.to', '2030-01-01'],
    ['a time without a zone', { windows: [{ name: 'w', kind: 'freeze', from: '2030-01-02T00:00:00' }] }, 'policy.windows.0.from', '2030-01-02'],
    ['an unknown action of an environment', { environments: { prod: { actions: { reboot: {} } } } }, 'policy.environments.prod.actions.reboot', 'unknown action'],
    ['a tier that is none', { tiers: { 4: { autonomy: 'auto' } } }, 'policy.tiers.4', 'an unknown key'],
    ['a protection of everything', { protected: [{}] }, 'policy.protected.0', '{}'],
    ['a budget of nothing', { disruptionBudget: { perClusterPerDay: 0 } }, 'policy.disruptionBudget.perClusterPerDay', '0'],
    ['a policy server without http', { opa: { url: 'opa:8181' } }, 'policy.opa.url', 'opa:8181'],
    ['a policy server that is waited for too long', { opa: { url: 'http://opa', timeout: '5m' } }, 'policy.opa.timeout', '5m'],
  ])('%s', (_what, policy, path, got) => {
    const found = wrong(policy).find((i) => i.path === path);
    expect(found).toMatchObject({ path, got: expect.stringContaining(got) });
    expect([found!.expected, found!.example].every((t) => t.length > 0)).toBe(true);
  });

  it('all at once', () => expect(wrong({ rules: [rule({ when: 'x' })], windows: [weekly({ schedule: 'x' })] })).toHaveLength(2));
});

describe('a good policy', () => {
  it('is taken with everything in it', () => {
    const policy = load({
      environments: { prod: { namespaces: ['shop-*'], autonomy: 'approve' } }, tiers: { 2: { autonomy: 'approve' } },
      rules: [rule({ effect: 'allow', signed: signed() })], windows: [weekly(), { name: 'xmas', kind: 'freeze', from: '2030-12-20T00:00:00+01:00', to: '2031-01-07T00:00:00+01:00', override: true }],
      protected: [{ kind: 'StatefulSet', labels: { tier: 'gold' } }], disruptionBudget: { perNamespacePerHour: 5 }, opa: { url: 'http://opa:8181/v1/data/x' },
    });
    expect(policy).toMatchObject({ disruptionBudget: { perNamespacePerHour: 5, exceeded: 'escalate' }, windows: [{ name: 'w' }, { name: 'xmas' }], shippedRules: { enabled: true, without: [] } });
  });
});
