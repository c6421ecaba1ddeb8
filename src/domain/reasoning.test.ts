import { describe, expect, it } from '@jest/globals';
import type { Evidence, PastAction, Problem } from './evidence.js';
import type { Proposal } from './plan.js';
import { rank } from './ranking.js';
import { oscillationRiskOf, reasonsFor } from './reasoning.js';

const target = { cluster: 'test', apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' };
const past = (over: Partial<PastAction> = {}): PastAction => ({ remediationId: 'r-0', action: 'restart_pod', target, at: '2026-01-01T00:00:00.000Z', result: 'effective', wasUndone: false, wrote: [], ...over });
const first: Proposal = { action: 'restart_pod', target, parameters: {}, confidence: 0.9, reason: 'it hangs', source: 'rules', by: 'hung' };
const seen = (history: PastAction[], refires = 0) => ({ history, similar: [] as Evidence['similar'], problems: [{ refires } as Problem] });

describe('how likely it goes back and forth', () => {
  it.each<[string, PastAction[], number, string]>([
    ['nothing was done and it fires for the first time', [], 0, 'low'],
    ['it came back once', [], 1, 'medium'],
    ['it came back three times', [], 3, 'high'],
    ['something was written today', [past()], 0, 'medium'],
    ['this very action did not help', [past({ result: 'ineffective' })], 0, 'high'],
    ['this very action was undone', [past({ wasUndone: true })], 0, 'high'],
    ['another action did not help', [past({ action: 'scale_deployment', result: 'ineffective' })], 0, 'medium'],
    ['two others were in vain', [past({ action: 'a', wasUndone: true }), past({ action: 'b', result: 'harmful' })], 0, 'high'],
  ])('%s', (_name, history, refires, level) => {
    const risk = oscillationRiskOf(seen(history, refires), first);
    expect(risk.level).toBe(level);
    expect(risk.why).not.toBe('');
  });
});

describe('the parts of a reason', () => {
  const finding = { analyzer: 'hung', cause: 'hung.probe', summary: 'api hangs', target, evidence: ['liveness fails'], confidence: 0.9, proposals: [first] };
  const record = { action: 'restart_pod', family: 'hung', helped: 9, failed: 1, harmed: 0, lately: { helped: 9, failed: 1, harmed: 0 }, lastAt: '' };

  it('name the trouble, the plan, who says so, and what helped before', () => {
    const ranking = rank([finding], [], [record]);
    const evidence = { ...seen([past({ action: 'scale_deployment', result: 'ineffective' })]), similar: [{ remediationId: 'r-9', summary: 's', action: 'restart_pod', outcome: 'fixed', isVerified: true, similarity: 0.9 }, { remediationId: 'r-8', summary: 's', outcome: 'fixed', isVerified: false, similarity: 0.9 }] };
    expect(reasonsFor({ ranking, evidence, measured: [record], cause: finding })).toMatchObject({
      summary: 'api hangs; restart_pod on Deployment api: it hangs',
      primary_reason: 'hung (rules, 90 %); liveness fails',
      historical_context: 'restart_pod helped 9 of 10 times here, at least 60 %; on this target within a day: scale_deployment at 2026-01-01T00:00:00.000Z: ineffective; 1 verified like it: restart_pod fixed',
      oscillation_risk: { level: 'medium' },
    });
    expect(ranking.reasoning).toContain('restart_pod helped 9 of 10 times here, at least 60 %');
  });

  it('say so where nothing is known', () => {
    expect(reasonsFor({ ranking: rank([], []), evidence: seen([]), measured: [] })).toMatchObject({ summary: 'no analyzer recognises this', primary_reason: 'not known', historical_context: 'nothing like it is on record here' });
  });
});
