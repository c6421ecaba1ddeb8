import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ensureServer } from '../../sandbox/launch/servers.js';
import type { PlanAnswer } from '../../src/activities/contract.js';
import { remediations } from '../support/remediation-runs.js';
import { planAnswer, stepOf } from '../support/scripted-activities.js';
import { devServer } from '../support/workflow-env.js';

const { remediation, until, start, stop, env } = remediations(() => devServer());
beforeAll(start, 120_000);
afterAll(stop, 30_000);

const other = { key: 'rollback_deployment:shop/api', action: 'rollback_deployment', target: 'deployment shop/api', parameters: {}, summary: 'roll back', confidence: 0.7, source: 'rules', tier: 1 } as const;
const asked: PlanAnswer = planAnswer(stepOf('scale_deployment'), { verdict: { decision: 'ask', findings: [] }, alternatives: [other] });
const SOON = { horizons: [{ name: '1s', afterMs: 300 }] };

/** The stock command line, as a person types it. */
async function temporal(...args: string[]): Promise<{ code: number; output: string }> {
  const { path } = await ensureServer('temporal');
  return new Promise((resolve) => {
    execFile(path, [...args, '--address', env().address], { env: { HOME: tmpdir() } }, (error, out, err) => resolve({ code: error ? 1 : 0, output: out + err }));
  });
}

describe('the stock temporal CLI', () => {
  it('approves by update with a candidate, and hears what became of it', async () => {
    const r = await remediation('cli-candidate', { plans: [asked, planAnswer(stepOf('rollback_deployment'), { key: other.key })] }, async (h) => {
      const doc = await until(h, 'awaiting_approval');
      const input = (more: object) => JSON.stringify({ by: 'ana', plan: doc.plan.hash.slice(0, 10), ...more });
      const update = (more: object) => temporal('workflow', 'update', 'execute', '--workflow-id', h.workflowId, '--name', 'approveRemediation', '--input', input(more));
      expect(await update({ candidate: 7 })).toMatchObject({ code: 1, output: expect.stringContaining('there is no candidate 7; choose 1 (the plan itself), 2 (rollback_deployment:shop/api)') });
      expect(await update({ plan: '000000' })).toMatchObject({ code: 1, output: expect.stringContaining('is now') });
      expect(await update({ candidate: 2 })).toMatchObject({ code: 0, output: expect.stringContaining('picked:rollback_deployment:shop/api') });
    }, SOON);
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.approval).toMatchObject({ state: 'approved', by: 'ana', via: 'claim', picked: { by: 'ana' } });
  }, 60_000);

  it.each<[string, string[], string]>([
    ['without input', [], 'a person'],
    ['with an empty object', ['--input', '{}'], 'a person'],
    ['with a name', ['--input', '{"by":"ana"}'], 'ana'],
  ])('approves by signal %s', async (_what, input, by) => {
    const r = await remediation('cli-signal', { plans: [asked] }, async (h) => {
      await until(h, 'awaiting_approval');
      expect(await temporal('workflow', 'signal', '--workflow-id', h.workflowId, '--name', 'approve', ...input)).toMatchObject({ code: 0 });
    }, SOON);
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.approval).toMatchObject({ state: 'approved', by, via: 'claim' });
  }, 60_000);

  it('rejects', async () => {
    const r = await remediation('cli-reject', { plans: [asked] }, async (h) => {
      await until(h, 'awaiting_approval');
      await temporal('workflow', 'update', 'execute', '--workflow-id', h.workflowId, '--name', 'rejectRemediation', '--input', '{"by":"ana","reason":"release"}');
    }, SOON);
    expect(r.result).toMatchObject({ outcome: 'denied', reason: 'rejected by ana: release' });
  }, 60_000);
});
