import { describe, expect, it } from '@jest/globals';
import type { Finding, Proposal } from './plan.js';
import { rank } from './ranking.js';

const target = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name, uid: name });
const item = (action: string, name = 'api', parameters: object = {}, confidence = 0.9) => ({ action, target: target(name), parameters: { name, ...parameters }, confidence, reason: 'because' });
const finding = (cause: string, confidence: number, more: Partial<Finding> = {}): Finding => ({ analyzer: 'x', cause, summary: cause, target: target('api'), evidence: ['e'], confidence, proposals: [], ...more });
const model = (action: string, name = 'api', parameters: object = {}, confidence = 0.9): Proposal => ({ ...item(action, name, parameters, confidence), source: 'model', by: 'm' });
const actionsOf = (candidates: Proposal[]) => candidates.map((c) => `${c.action}:${c.source}`);

describe('what is tried first', () => {
  it('the surest finding, its ladder in order, then the next', () => {
    const r = rank([finding('b', 0.8, { proposals: [item('restart_pod')] }), finding('a', 0.95, { proposals: [item('rollback_deployment'), item('increase_resources', 'api', {}, 0.7)] })], []);
    expect(actionsOf(r.candidates)).toEqual(['rollback_deployment:rules', 'increase_resources:rules', 'restart_pod:rules']);
    expect(r.candidates.map((c) => c.confidence)).toEqual([0.95, 0.7, 0.8]);
    expect(r).toMatchObject({ cause: 'a', source: 'rules', confidence: 0.95 });
    expect(r.conclusion).toBeUndefined();
  });

  it('agreement of rules and model raises the confidence and keeps what the rules pinned', () => {
    const r = rank([finding('a', 0.9, { proposals: [item('rollback_deployment', 'api', { revision: 2 })] })], [model('rollback_deployment')]);
    expect(r.candidates).toHaveLength(1);
    expect(r.candidates[0]).toMatchObject({ source: 'both', confidence: 0.93, by: 'x, m', parameters: { revision: 2 } });
  });

  it('another value of the same parameter is no agreement', () => {
    const r = rank([finding('a', 0.9, { proposals: [item('rollback_deployment', 'api', { revision: 2 })] })], [model('rollback_deployment', 'api', { revision: 1 })]);
    expect(actionsOf(r.candidates)).toEqual(['rollback_deployment:rules', 'rollback_deployment:model']);
  });

  it('what only a model says comes last, however sure it is', () => {
    const r = rank([finding('a', 0.7, { proposals: [item('restart_pod')] })], [model('scale_deployment', 'api', {}, 1)]);
    expect(actionsOf(r.candidates)).toEqual(['restart_pod:rules', 'scale_deployment:model']);
  });
});

describe('when nothing is tried', () => {
  it.each<[string, Finding[], Proposal[], string]>([
    ['healthy beats a model', [finding('healthy', 0.75, { conclusion: 'no_action_needed' })], [model('scale_deployment')], 'no_action_needed'],
    ['a sure "a person must" beats a model', [finding('policy', 0.9, { conclusion: 'needs_person' })], [model('scale_deployment')], 'needs_person'],
    ['a surer conclusion beats a weaker proposal', [finding('root', 0.95, { conclusion: 'needs_person' }), finding('symptom', 0.85, { proposals: [item('restart_pod')] })], [], 'needs_person'],
    ['gone', [finding('gone', 0.9, { conclusion: 'already_resolved' })], [], 'already_resolved'],
  ])('%s', (_name, findings, proposals, conclusion) => {
    expect(rank(findings, proposals)).toMatchObject({ candidates: [], conclusion });
  });

  it('a proposal as sure as the conclusion is tried', () => {
    expect(rank([finding('a', 0.9, { conclusion: 'needs_person' }), finding('b', 0.9, { proposals: [item('restart_pod')] })], []).candidates).toHaveLength(1);
  });

  it('where the rules are unsure a model may speak', () => {
    const r = rank([finding('unwell.crash', 0.55, { conclusion: 'needs_person', edit: 'kubectl describe' })], [model('restart_pod')]);
    expect(actionsOf(r.candidates)).toEqual(['restart_pod:model']);
    expect(r).toMatchObject({ cause: 'unwell.crash', source: 'model', edit: 'kubectl describe' });
  });

  it('nothing known at all', () => expect(rank([], [])).toEqual({ candidates: [], cause: 'unknown', reasoning: '', confidence: 0, source: 'rules' }));
});

describe('what was measured here', () => {
  const record = (action: string, helped: number, failed: number) => ({ action, family: 'oom', helped, failed, harmed: 0, lately: { helped, failed, harmed: 0 }, lastAt: '' });
  const oom = finding('oom.limit', 0.9, { proposals: [item('increase_resources'), item('restart_pod', 'api', {}, 0.88)] });

  it('puts the one that helps before the one that is a little surer', () => {
    const r = rank([oom], [], [record('increase_resources', 2, 8), record('restart_pod', 40, 2)]);
    expect(actionsOf(r.candidates)).toEqual(['restart_pod:rules', 'increase_resources:rules']);
    expect(r.candidates.map((c) => c.confidence)).toEqual([0.88, 0.9]);
  });

  it('of another kind of trouble changes nothing', () => {
    expect(rank([oom], [], [{ ...record('restart_pod', 40, 0), family: 'crash' }])).toEqual(rank([oom], []));
  });

  it('leaves out what hardly ever helped, and says so', () => {
    const r = rank([oom], [], [record('increase_resources', 0, 12)]);
    expect(actionsOf(r.candidates)).toEqual(['restart_pod:rules']);
    expect(r.reasoning).toContain('left out: increase_resources on Deployment api helped 0 of 12 times here');
  });

  it('ends with a person when nothing else is left', () => {
    expect(rank([oom], [], [record('increase_resources', 0, 12), record('restart_pod', 1, 30)])).toMatchObject({ candidates: [], conclusion: 'needs_person', cause: 'oom.limit' });
  });
});
