import { describe, expect, it } from '@jest/globals';
import { arrange } from '../../domain/arrange.js';
import { KubernautError } from '../../domain/errors.js';
import type { Proposal } from '../../domain/plan.js';
import type { PlanStep } from '../plan-step.js';
import type { DecisionInput } from './input.js';
import { alternativesTo, picked } from './pick.js';

const proposal = (action: string, parameters: Record<string, unknown> = {}): Proposal => ({
  action, parameters, target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' }, confidence: 0.8, reason: 'x', source: 'rules', by: 'oom',
});
const candidates = arrange({
  candidates: [proposal('rollback_deployment', { revision: 5 }), proposal('increase_resources', { memory: '256Mi' }), proposal('restart_pod'), proposal('scale_deployment', { replicas: 3 })],
  cause: 'x', templates: [], target: proposal('x').target, locate: () => undefined,
});
const [first] = candidates;

describe('what may be picked', () => {
  it('is everything when nobody picks', () => expect(picked(candidates, {})).toBe(candidates));

  it('is the one with that key, with the parameters of the picker over its own', () => {
    const [only, ...rest] = picked(candidates, { pick: { key: 'increase_resources:Deployment/shop/api', parameters: { memory: '512Mi', container: 'api' } } });
    expect(only!.steps[0]!.proposal.parameters).toEqual({ memory: '512Mi', container: 'api' });
    expect(rest).toEqual([]);
    expect(candidates[1]!.steps[0]!.proposal.parameters).toEqual({ memory: '256Mi' });
  });

  it('is nothing when no candidate has that key', () => expect(picked(candidates, { pick: { key: 'drain_node:Node//a' } })).toEqual([]));

  it('is listed with what it would be, without what was refused or cannot be made absolute', () => {
    const planStep: PlanStep = ({ proposal: p, ordinal }) => {
      if (p.action === 'restart_pod') throw new KubernautError('PreconditionChanged', 'no pod crashes');
      return { ordinal, action: p.action, target: { cluster: 'prod', ...p.target }, parameters: { ...p.parameters, namespace: 'shop' }, tier: 2, summary: `${p.action} now`, reason: '', changes: [], undo: { kind: 'exact', changes: [] }, timeoutS: 1, isWriting: true };
    };
    const input = { now: 'x', request: { remediationId: 'r', target: { cluster: 'prod', ...proposal('x').target }, rung: 0 }, limits: { maxActionS: 60 } } as unknown as DecisionInput;
    const refused = new Set(['scale_deployment:Deployment/shop/api']);
    expect(alternativesTo(first!, candidates, { input, planStep, refused })).toEqual([
      { key: 'increase_resources:Deployment/shop/api', action: 'increase_resources', target: 'deployment shop/api', parameters: { memory: '256Mi', namespace: 'shop' }, summary: 'increase_resources now', confidence: 0.8, source: 'rules', tier: 2 },
    ]);
  });
});
