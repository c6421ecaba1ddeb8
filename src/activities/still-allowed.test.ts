import { describe, expect, it } from '@jest/globals';
import { deployment, evidenceOf, object } from '../../test/support/kube-objects.js';
import { actions } from '../actions/index.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import { DEFAULT_POLICY } from '../domain/policy.js';
import type { Cluster } from '../domain/ports.js';
import type { Storm } from '../domain/storm.js';
import { createStillAllowed } from './still-allowed.js';

/** A rollback that was approved; the Deployment as somebody left it meanwhile. */
function asked(more: Parameters<typeof deployment>[2] = {}, others: KubeObject[] = [], storm?: Storm) {
  const { deployment: d, sets } = deployment('api', [{}, {}], more);
  const { target } = evidenceOf(d, [sets]);
  const world = worldOf([d, ...sets, ...others]);
  const check = createStillAllowed({ cluster: () => ({ world: () => world }) as unknown as Cluster, policy: () => Promise.resolve(DEFAULT_POLICY), actions, clock: { now: () => '2026-01-01T12:00:00Z' }, storm: () => Promise.resolve(storm), policyAtWrite: () => Promise.resolve() });
  const changes = [{ op: 'edit', ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' }, uid: d.metadata.uid, edits: [{ path: ['spec', 'template'], after: {} }] }];
  return check({ action: 'rollback_deployment', target, isWriting: true, changes } as unknown as Step);
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('what came after the approval', () => {
  it('nothing came: it goes on', () => expect(asked()).resolves.toBeUndefined());

  it('an opt-out on the object', () => expect(asked({ annotations: { 'kubernaut.io/ignore': 'true' } })).rejects.toEqual(code('PolicyDenied')));

  it('an opt-out on its namespace', () =>
    expect(asked({}, [object('v1', 'Namespace', 'shop', {}, { namespace: undefined, annotations: { 'kubernaut.io/ignore': 'true' } })])).rejects.toEqual(code('PolicyDenied')));

  it('a GitOps owner', () => expect(asked({ annotations: { 'argocd.argoproj.io/tracking-id': 'x' } })).rejects.toEqual(code('PolicyDenied')));

  it('a storm', () =>
    expect(asked({}, [], { since: '2026-01-01T11:59:00Z', why: 'too much', readAt: '2026-01-01T11:59:59Z' })).rejects.toMatchObject({ code: 'PolicyDenied', message: expect.stringContaining('since 2026-01-01T11:59:00Z: too much') }));

  it('a pause of the rollout: the plan is made anew', () => expect(asked({ spec: { paused: true } })).rejects.toEqual(code('PreconditionChanged')));
});
