import { describe, expect, it } from '@jest/globals';
import type { Remediation } from '../contracts/remediation.js';
import { notificationOf } from './notification-text.js';

const remediation = (more: Partial<Remediation> = {}): Remediation => ({
  id: 'r-0123456789',
  workflow_id: 'remediation/prod/shop/Deployment/api',
  run_id: 'run',
  cluster: 'prod',
  target: { cluster: 'prod', apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' },
  phase: 'awaiting_approval',
  severity: 'critical',
  problems: [{ fingerprint: 'f', alert: 'KubePodCrashLooping', status: 'firing', started_at: '2026-01-01T00:00:00Z' }],
  analysis: { source: 'rules', cause: 'bad_rollout.command', confidence: 0.95, reasoning: 'the new revision never started', edit: 'kubectl -n shop edit deployment api' },
  plan: {
    hash: 'abcdef0123456789',
    steps: [{ ordinal: 1, action: 'rollback_deployment', target: { cluster: 'prod', apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' }, parameters: {}, tier: 2, status: 'planned', summary: 'roll back deployment shop/api', undo: 'exact', rung: 0 }],
  },
  verdict: { decision: 'ask', findings: [{ check: 'tier', reason: 'tier2', message: 'needs approval here', severity: 'ask' }] },
  approval: { state: 'pending', expires_at: '2026-01-01T01:00:00Z' },
  assessments: [],
  timeline: [],
  usage: { tokens: 0, api_requests: 0 },
  started_at: '2026-01-01T00:00:00Z',
  links: { self: 'http://localhost/r', temporal: 'http://localhost/t' },
  revision: 1,
  ...more,
});

describe('notificationOf', () => {
  it('asks for a decision about exactly the pending plan', () => {
    const n = notificationOf(remediation(), 'approval_requested');
    expect(n.title).toBe('KubePodCrashLooping · deployment shop/api: a decision is needed');
    expect(n.commands[0]).toBe('kubernaut approve r-0123456789 --plan abcdef0123');
    expect(n.lines.join('\n')).toContain('Plan: roll back deployment shop/api (tier 2, can be undone exactly)');
    expect(n.lines.join('\n')).toContain('needs approval here');
    expect(n.links).toEqual({ remediation: 'http://localhost/r', temporal: 'http://localhost/t' });
  });

  it.each([
    ['fixed', false],
    ['escalated', true],
  ] as const)('closed as %s: hands over the edit for a person = %s', (outcome, hasEdit) => {
    const n = notificationOf(remediation({ phase: 'closed', outcome, reason: 'because' }), 'closed');
    expect(n.outcome).toBe(outcome);
    expect(n.lines[0]).toBe('Why: because');
    expect(n.commands.some((c) => c.startsWith('kubectl'))).toBe(hasEdit);
  });

  it('stays under 4 KiB whatever an incident says', () => {
    const long = 'x'.repeat(50_000);
    const doc = remediation({ outcome: 'failed', reason: long, analysis: { source: 'model', cause: long, confidence: 1, reasoning: long, edit: long } });
    expect(JSON.stringify(notificationOf(doc, 'closed')).length).toBeLessThan(4096);
  });
});
