import { describe, expect, it } from '@jest/globals';
import { deployment, evidenceOf, pod, service } from '../../test/support/kube-objects.js';
import { judgeEffect } from '../domain/effectiveness.js';
import type { Evidence } from '../domain/evidence.js';
import { worldOf } from '../domain/kube.js';
import { baselineOf, createAssess } from './assess.js';
import type { AssessRequest } from './contract.js';

/** A Deployment with this many replicas, all of them Ready, and a Service in front. */
function well(replicas: number): Evidence {
  const { deployment: d, sets } = deployment('api', [{ available: replicas }], { completed: true, replicas });
  d.metadata.uid = 'uid-api';
  return evidenceOf(d, [sets, Array.from({ length: replicas }, () => pod(sets[0]!, { ready: true })), service('api')]);
}

/** What an assessment says when there were four Ready pods before the action and the cluster looks like this now. */
async function judged(now: Evidence, more: { isReached?: boolean; isFiring?: boolean } = {}) {
  const before = well(4);
  const assess = createAssess({
    collect: () => Promise.resolve(now),
    diagnose: () => [],
    action: () => ({ verify: () => ({ state: more.isReached === false ? 'waiting' : 'reached', detail: 'as written' }) }) as never,
  });
  const problems = [{ status: more.isFiring === false ? 'resolved' : 'firing', refires: 0, startedAt: '2026-01-01T11:00:00Z' }];
  const observation = await assess({
    target: before.target, problems, steps: [{ isWriting: true, target: before.target, changes: [] }], actedAt: '2026-01-01T11:30:00Z',
    baseline: baselineOf(worldOf(before.objects), before, true, 'bad_rollout.image'),
  } as unknown as AssessRequest);
  return judgeEffect(observation);
}

describe('what people do while an effect is being proved', () => {
  it('scaling to zero proves nothing and is no harm of ours', async () => {
    expect(await judged(well(0))).toBe('inconclusive');
    expect(await judged(well(0), { isFiring: false })).toBe('inconclusive');
  });

  it('scaling down is no harm, even before the action took hold', async () => {
    expect(await judged(well(2))).toBe('effective');
    expect(await judged(well(2), { isReached: false })).toBe('ineffective');
  });

  it('pods lost without anybody having scaled are harm', async () => {
    const now = well(4);
    const lost = now.objects.filter((o) => o.kind === 'Pod').slice(0, 2);
    const status = { ...now.object!.status, readyReplicas: 2, availableReplicas: 2 };
    const broken = { ...now, object: { ...now.object!, status }, objects: now.objects.filter((o) => !lost.includes(o)).map((o) => (o.kind === 'Deployment' ? { ...o, status } : o)) };
    expect(await judged(broken)).toBe('harmful');
  });
});
