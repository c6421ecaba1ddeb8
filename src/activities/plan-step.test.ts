import { describe, expect, it } from '@jest/globals';
import { ACTION_ID, deepFreeze, deploymentOf, evidenceOf, hpaOf, NOW, problemOf, threeNodes } from '../../test/support/objects.js';
import { actions } from '../actions/index.js';
import type { Proposal } from '../domain/plan.js';
import { DEFAULT_POLICY, type Policy } from '../domain/policy.js';
import { createPlanStep } from './plan-step.js';

const deployment = deploymentOf();
const evidence = deepFreeze(evidenceOf([deployment, ...threeNodes()], { problems: [problemOf()] }));
const proposal: Proposal = {
  action: 'scale_deployment',
  target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api', uid: 'uid-deployment-api' },
  parameters: { namespace: 'shop', name: 'api', replicas: 4 },
  confidence: 0.9, reason: 'more load', source: 'rules', by: 'test',
};
const planStep = createPlanStep({ actions });
const plan = (change: Partial<Proposal> = {}, policy: Policy = DEFAULT_POLICY, from = evidence) => planStep({ proposal: { ...proposal, ...change }, evidence: from, policy, ordinal: 2, actionId: ACTION_ID, now: NOW });

describe('planStep', () => {
  it('pins everything a workflow needs to know', () => {
    expect(plan()).toEqual({
      ordinal: 2,
      action: 'scale_deployment',
      target: { cluster: 'test', apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api', uid: 'uid-deployment-api' },
      parameters: { namespace: 'shop', name: 'api', replicas: 4 },
      tier: 1,
      summary: 'scale deployment shop/api 2 → 4',
      reason: 'more load',
      changes: [{ op: 'scale', ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' }, uid: 'uid-deployment-api', before: 2, after: 4 }],
      undo: { kind: 'exact', changes: [{ op: 'scale', ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' }, uid: 'uid-deployment-api', before: 4, after: 2 }] },
      timeoutS: 300,
      isWriting: true,
    });
  });

  it('gives the same step for the same evidence', () => {
    expect(plan()).toEqual(plan());
  });

  it("reads the action's limits from the policy of its namespace", () => {
    const policy: Policy = { ...DEFAULT_POLICY, namespaces: { shop: { actions: { scale_deployment: { maxReplicas: 3 } } } } };
    expect(() => plan({}, policy)).toThrow(expect.objectContaining({ code: 'InvalidParams' }));
  });

  it('puts the target of the remediation under a step that acts on no object', () => {
    expect(plan({ action: 'notify_only', parameters: { summary: 'Look at it.' } })).toMatchObject({ target: { kind: 'Deployment', name: 'api' }, changes: [], undo: { kind: 'none' }, isWriting: false, tier: 0 });
  });

  it.each<[string, Partial<Proposal>, string]>([
    ['an unknown action', { action: 'delete_everything' }, 'InvalidParams'],
    ['an extra key', { parameters: { ...proposal.parameters, force: true } }, 'InvalidParams'],
    ['a number as a string', { parameters: { ...proposal.parameters, replicas: '4' } }, 'InvalidParams'],
    ['parameters that name another object', { parameters: { ...proposal.parameters, name: 'web' } }, 'NotGrounded'],
    ['an object that was not read', { parameters: { ...proposal.parameters, name: 'web' }, target: { ...proposal.target, name: 'web' } }, 'NotGrounded'],
    ['an object of another namespace', { parameters: { ...proposal.parameters, namespace: 'pay' }, target: { ...proposal.target, namespace: 'pay' } }, 'NotGrounded'],
    ['an object that took the place of another', { target: { ...proposal.target, uid: 'other' } }, 'TargetReplaced'],
  ])('refuses %s', (_what, change, code) => {
    expect(() => plan(change)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses what does not apply, in the words of the action', () => {
    const from = evidenceOf([deployment, hpaOf(), ...threeNodes()]);
    expect(() => plan({}, DEFAULT_POLICY, from)).toThrow('use update_hpa');
  });
});
