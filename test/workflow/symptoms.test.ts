import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { remediations } from '../support/remediation-runs.js';
import { planAnswer, signalOf, stepOf } from '../support/scripted-activities.js';

const { remediation, until, start, stop } = remediations();
beforeAll(start, 120_000);
afterAll(stop);

const ask = planAnswer(stepOf('scale_deployment'), { verdict: { decision: 'ask', findings: [{ check: 'autonomy', reason: 'autonomy_approve', message: 'policy asks', severity: 'ask' }] } });
const symptom = signalOf({ fingerprint: 'f2', alert: 'KubePodNotReady', symptomOn: 'deployment shop/web' });

it('a symptom elsewhere is shown, and neither decides nor keeps the remediation of its root open', async () => {
  const r = await remediation('symptom', { plans: [ask] }, async (h) => {
    await until(h, 'awaiting_approval');
    await h.signal('signalReceived', symptom);
    await h.signal('signalReceived', signalOf({ status: 'resolved', endsAt: '2026-11-20T10:05:00.000Z' }));
  });
  expect(r.result.outcome).toBe('already_resolved');
  expect(r.doc.problems).toMatchObject([{ status: 'resolved' }, { alert: 'KubePodNotReady', status: 'firing', symptom_on: 'deployment shop/web' }]);
  expect(r.doc.timeline.map((t: any) => t.text)).toContain('joined by KubePodNotReady of deployment shop/web, a probable symptom');
});

it('the end of a symptom ends nothing, and what is judged is the trouble of the root', async () => {
  const r = await remediation('symptom-resolved', { plans: [ask] }, async (h) => {
    await until(h, 'awaiting_approval');
    await h.signal('signalReceived', symptom);
    await h.signal('signalReceived', { ...symptom, status: 'resolved', endsAt: '2026-11-20T10:05:00.000Z' });
    await h.signal('approve', { by: 'ada' });
  });
  expect(r.result.outcome).toBe('fixed');
  expect(r.named('assess').flatMap((c: any) => c.input.problems.map((p: any) => p.fingerprint))).not.toContain('f2');
});

it('an alert that resolves while the effect is judged is evidence', async () => {
  const r = await remediation('resolved-while-verifying', { plans: [planAnswer(stepOf('scale_deployment'))] }, async (h) => {
    await until(h, 'verifying');
    await h.signal('signalReceived', signalOf({ status: 'resolved', endsAt: '2026-11-20T10:05:00.000Z' }));
  });
  expect(r.result.outcome).toBe('fixed');
  expect((r.named('assess').at(-1) as any).input.problems).toMatchObject([{ status: 'resolved' }]);
});
