import { describe, expect, it } from '@jest/globals';
import { remediationFor, stepFor } from '../../test/support/remediations.js';
import { nextCommands } from './next-commands.js';
import { remediationPage } from './remediation-page.js';

const NOW = Date.parse('2025-01-31T08:02:00.000Z');

const full = remediationFor('r-0123456789', {
  phase: 'closed',
  outcome: 'fixed',
  reason: 'the condition is gone at 30m',
  closed_at: '2025-01-31T08:01:30.000Z',
  analysis: { source: 'rules', cause: 'replicas.too_few', confidence: 0.9, reasoning: 'first line\nsecond line', edit: 'kubectl -n shop edit deployment api\n# raise it', evidence_ref: 'sha256:aa' },
  plan: { hash: 'abcdef0123456789', steps: [stepFor(1, { wrote: [{ path: 'spec.replicas', value: '4', before: '2' }], result: '4/4 available' })] },
  verdict: {
    decision: 'ask',
    findings: [
      { check: 'autonomy', reason: 'NeedsApproval', message: 'a person decides', severity: 'ask' },
      { check: 'grounding', reason: 'InEvidence', message: 'was read', severity: 'info' },
    ],
  },
  approval: { state: 'approved', by: 'ana', at: '2025-01-31T08:00:20.000Z', reason: 'go' },
  assessments: [{ horizon: '30s', due_at: '2025-01-31T08:00:40.000Z', at: '2025-01-31T08:00:40.000Z', verdict: 'effective', evidence: ['2/2 ready', 'no restarts'], rung: 0 }],
  links: { self: 'http://127.0.0.1:8080/api/v1/remediations/r-0123456789', temporal: 'http://127.0.0.1:8233/x' },
});

describe('the page of a remediation', () => {
  it('answers what, why, what was done, whether it helped and what now, in this order', () => {
    const page = remediationPage(full, NOW);
    const order = ['r-0123456789  closed: fixed', 'Problems', 'Why', 'Plan  abcdef012345', 'Verdict  ask', 'Approval', 'Assessments', 'Timeline', 'Links', 'Next'];
    expect(order.map((title) => page.indexOf(title))).toEqual([...order.map((title) => page.indexOf(title))].sort((a, b) => a - b));
    expect(order.every((title) => page.includes(title))).toBe(true);
  });

  it('says what the policy said and by which rule, also where nothing stood in the way, and what is waited for', () => {
    const rules = [{ rule: 'namespaces.shop.actions.restart_pod', effect: 'auto', why: 'restart_pod on pod shop/api: allowed by namespaces.shop.actions.restart_pod' }];
    const hold = { until: '2025-02-03T05:00:00.000Z', rule: 'weekend', since: '2025-01-31T08:01:00.000Z', can_override: true, message: 'freeze weekend is on' };
    const page = remediationPage({ ...full, phase: 'validating', outcome: undefined, verdict: { decision: 'allow', findings: [], rules, approvers: ['ana', 'ben'] }, hold }, NOW);
    expect(page).toMatch(/Policy\n +EFFECT +RULE +WHY\n +auto +namespaces\.shop\.actions\.restart_pod +restart_pod on pod shop\/api: allowed/);
    expect(page).toContain('to be asked: ana, ben');
    expect(page).toContain('waits until 2025-02-03T05:00:00.000Z for weekend (since 60s); approve with a reason to end the wait');
    expect(page).toContain('kubernaut approve r-0123456789 --reason');
  });

  it('says who was told, and what did not arrive', () => {
    const page = remediationPage(full, NOW, [{ channel: 'slack', kind: 'closed', status: 'failed', attempts: 3, error: 'ChannelUnavailable: slow', updated_at: '2025-01-31T08:01:31.000Z' }]);
    expect(page).toMatch(/Notifications\n {2}slack +closed +failed +2025-01-31T08:01:31.000Z +ChannelUnavailable: slow/);
  });

  it('shows every finding, the parameters, the undo and what was written', () => {
    const page = remediationPage(full, NOW);
    for (const text of ['NeedsApproval', 'InEvidence', 'replicas=4', 'undo exact', 'wrote spec.replicas = 4 (before: 2)', 'approved by ana', '2/2 ready; no restarts', 'started 2m ago', 'took 1m30s']) {
      expect(page).toContain(text);
    }
  });

  it('keeps the lines of an edit for a person', () => {
    expect(remediationPage(full, NOW)).toContain('    kubectl -n shop edit deployment api\n    # raise it');
  });

  it('lets no terminal escape of an untrusted text through, wherever it stands', () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202egnp';
    const poisoned = JSON.parse(JSON.stringify(full), (key, value: unknown) =>
      typeof value === 'string' && !key.endsWith('_at') && !['at', 'phase', 'outcome'].includes(key) ? value + evil : value,
    ) as typeof full;
    expect(remediationPage(poisoned, NOW)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it('shows a remediation that has only just come in', () => {
    expect(remediationPage(remediationFor('r-1'), NOW)).toContain('r-1  received');
  });
});

describe('what can be done next', () => {
  const plan = { hash: 'abcdef0123456789', steps: [stepFor(1)] };
  it.each([
    ['awaiting_approval', 'kubernaut approve r-1 --plan abcdef012345'],
    ['awaiting_approval', 'kubernaut reject r-1 --reason "…"'],
    ['executing', 'kubernaut cancel r-1'],
    ['verifying', 'kubernaut undo r-1 --reason "…"'],
  ] as const)('in %s: %s', (phase, command) => {
    expect(nextCommands(remediationFor('r-1', { phase, plan }))).toContain(command);
  });

  it('offers no undo where nothing can be undone', () => {
    const kept = { hash: plan.hash, steps: [stepFor(1, { undo: 'none' })] };
    expect(nextCommands(remediationFor('r-1', { phase: 'verifying', plan: kept })).join()).not.toContain('undo');
  });

  it('quotes a name that came from an alert and is none of Kubernetes', () => {
    const target = { ...full.target, name: "x'; rm -rf ~; '" };
    expect(nextCommands(remediationFor('r-1', { phase: 'closed', outcome: 'failed', target }))).toContain(`kubectl describe deployment 'x'\\''; rm -rf ~; '\\''' -n shop`);
  });

  it('sends a person to the object when it was left to a person', () => {
    expect(nextCommands(remediationFor('r-1', { phase: 'closed', outcome: 'escalated' }))).toContain('kubectl describe deployment api -n shop');
  });
});
