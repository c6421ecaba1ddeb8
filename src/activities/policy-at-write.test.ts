import { describe, expect, it } from '@jest/globals';
import { deployment, evidenceOf, object } from '../../test/support/kube-objects.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import { DEFAULT_POLICY, type Policy } from '../domain/policy.js';
import type { OpaAnswer } from '../domain/opa.js';
import { policyReading } from '../policy/compile.js';
import { createPolicyAtWrite } from './policy-at-write.js';

const NOW = '2026-11-20T22:30:00.000Z';
const AUTO: Policy = { ...DEFAULT_POLICY, autonomy: 'auto' };
const freeze = (more: object = {}) => ({ name: 'weekend', kind: 'freeze' as const, schedule: '0 22 * * FRI', duration: '56h', ...more });

/** A rollback that was planned; the policy as it is at the write. */
async function asked(policy: Policy, more: { asks?: string[]; others?: KubeObject[]; counted?: number; opa?: OpaAnswer; overridden?: string[]; hasBasis?: boolean } = {}): Promise<string> {
  const { deployment: d, sets } = deployment('api', [{}, {}], {});
  const { target } = evidenceOf(d, [sets]);
  const n = more.counted ?? 0;
  const atWrite = createPolicyAtWrite({
    store: { countDisruptions: () => Promise.resolve({ namespaceHour: n, clusterDay: n, workloadDay: n }) }, reading: policyReading(),
    askPolicy: () => Promise.resolve(more.opa ?? { failed: 'down' }),
  });
  const basis = { remediationId: 'r-1', severity: 'critical', source: 'rules', confidence: 0.9, alert: 'X', alerts: ['X'], alertLabels: {}, asks: more.asks ?? [], ...(more.overridden ? { overridden: more.overridden } : {}) };
  const step = { action: 'rollback_deployment', tier: 2, target, parameters: {}, isWriting: true, changes: [], ...(more.hasBasis === false ? {} : { basis }) } as unknown as Step;
  return atWrite({ step, world: worldOf([d, ...sets, ...(more.others ?? [])]), policy, now: NOW }).then(() => 'goes on', (error: { code: string }) => error.code);
}

describe('the policy at the write', () => {
  it.each<[string, Policy, Parameters<typeof asked>[1], string]>([
    ['nothing moved', AUTO, {}, 'goes on'],
    ['what was asked for has been answered', DEFAULT_POLICY, { asks: ['autonomy:approval_required'] }, 'goes on'],
    ['it asks since', DEFAULT_POLICY, {}, 'PreconditionChanged'],
    ['it observes since', { ...AUTO, autonomy: 'observe' }, {}, 'PolicyDenied'],
    ['the action was disabled', { ...AUTO, actions: { rollback_deployment: { enabled: false } } }, {}, 'PolicyDenied'],
    ['a rule denies since', { ...AUTO, rules: [{ name: 'r', when: 'tier == 2', effect: 'deny' }] }, {}, 'PolicyDenied'],
    ['another rule asks since', { ...AUTO, rules: [{ name: 'r', when: 'alert == "X"', effect: 'ask' }] }, { asks: ['autonomy:approval_required'] }, 'PreconditionChanged'],
    ['the object was protected', { ...AUTO, protected: [{ kind: 'Deployment' }] }, {}, 'PolicyDenied'],
    ['the namespace was annotated', AUTO, { others: [object('v1', 'Namespace', 'shop', {}, { namespace: undefined, annotations: { 'kubernaut.io/autonomy': 'observe' } })] }, 'PolicyDenied'],
    ['a freeze has begun', { ...AUTO, windows: [freeze()] }, {}, 'PreconditionChanged'],
    ['a freeze that a person ended', { ...AUTO, windows: [freeze({ override: true })] }, { overridden: ['weekend'] }, 'goes on'],
    ['a freeze that denies', { ...AUTO, windows: [freeze({ then: 'deny' })] }, {}, 'PolicyDenied'],
    ['a freeze that was asked about', { ...AUTO, windows: [freeze({ then: 'ask' })] }, { asks: ['windows:freeze:weekend'] }, 'goes on'],
    ['others used up the budget', { ...AUTO, disruptionBudget: { perClusterPerDay: 3, exceeded: 'escalate' } }, { counted: 3 }, 'PolicyDenied'],
    ['the budget has room', { ...AUTO, disruptionBudget: { perClusterPerDay: 3, exceeded: 'escalate' } }, { counted: 2 }, 'goes on'],
    ['the policy server denies', { ...AUTO, opa: { url: 'http://x' } }, { opa: { decision: 'deny' } }, 'PolicyDenied'],
    ['the policy server is down since', { ...AUTO, opa: { url: 'http://x' } }, {}, 'PreconditionChanged'],
    ['a step of an earlier version', { ...AUTO, autonomy: 'observe' }, { hasBasis: false }, 'goes on'],
  ])('%s', async (_what, policy, more, expected) => expect(await asked(policy, more)).toBe(expected));
});
