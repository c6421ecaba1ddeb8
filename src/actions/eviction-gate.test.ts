import { beforeEach, describe, expect, it } from '@jest/globals';
import { deploymentOf, NOW, pdbOf, podOf, replicaSetOf } from '../../test/support/objects.js';
import { refOf, worldOf, type KubeObject } from '../domain/kube.js';
import { evictionGate, type EvictionGate } from './eviction-gate.js';
import type { Eviction } from './eviction-run.js';

const set = replicaSetOf(deploymentOf(), 1, { available: 3 });
const [one, two, three] = ['api-1', 'api-2', 'api-3'].map((name) => podOf(name, { owner: set })) as [KubeObject, KubeObject, KubeObject];
const ill = podOf('api-4', { owner: set, isReady: false });
const of = (pod: KubeObject): Eviction => ({ op: 'evict', ref: refOf(pod), uid: pod.metadata.uid! });

/** A budget as the cache has it. */
function budget(allowed: number, version: string, disruptedPods?: Record<string, string>): KubeObject {
  const object = pdbOf('api', { allowed, status: { ...(disruptedPods ? { disruptedPods } : {}) } });
  object.metadata.resourceVersion = version;
  return object;
}

const world = (b: KubeObject | undefined, pods = [one, two, three, ill]) => worldOf([set, ...pods, ...(b ? [b] : [])]);

describe('the gate before an eviction', () => {
  let gate: EvictionGate;
  beforeEach(() => void (gate = evictionGate()));

  it('is open without a budget, or where that has room', () => {
    expect(gate.isOpen(world(undefined), of(one))).toBe(true);
    expect(gate.isOpen(world(budget(1, '1')), of(one))).toBe(true);
    expect(gate.isOpen(world(budget(0, '1')), of(one))).toBe(false);
  });

  it('counts what was asked for until the budget counts it itself', () => {
    gate.enter(world(budget(2, '1')), of(one));
    expect(gate.isOpen(world(budget(2, '1')), of(two))).toBe(true);
    gate.enter(world(budget(2, '1')), of(two));
    expect(gate.isOpen(world(budget(2, '1')), of(three))).toBe(false);
    expect(gate.isOpen(world(budget(1, '2', { 'api-1': NOW })), of(three))).toBe(false);
    expect(gate.isOpen(world(budget(1, '3', { 'api-1': NOW, 'api-2': NOW })), of(three))).toBe(true);
  });

  it('counts no pod that is on its way out or gone', () => {
    gate.enter(world(budget(1, '1')), of(one));
    expect(gate.isOpen(world(budget(1, '1')), of(two))).toBe(false);
    const leaving = { ...one, metadata: { ...one.metadata, deletionTimestamp: NOW } };
    expect(gate.isOpen(world(budget(1, '1'), [leaving, two]), of(two))).toBe(true);
    gate.enter(world(budget(1, '1')), of(two));
    expect(gate.isOpen(world(budget(1, '1'), [three]), of(three))).toBe(true);
  });

  it('gives back what came to nothing', () => {
    gate.enter(world(budget(1, '1')), of(one));
    gate.leave(of(one));
    expect(gate.isOpen(world(budget(1, '1')), of(two))).toBe(true);
  });

  it('stays closed after a no until the budget changes, whatever its old count says', () => {
    gate.enter(world(budget(1, '1')), of(one));
    expect(gate.refused(world(budget(1, '1')), of(one))).toBe(true);
    expect(gate.isOpen(world(budget(1, '1')), of(two))).toBe(false);
    expect(gate.isOpen(world(budget(1, '2')), of(two))).toBe(true);
  });

  it('lets the server judge a pod that is not Ready, and asks again when its budget changed', () => {
    expect(gate.isOpen(world(budget(0, '1')), of(ill))).toBe(true);
    gate.enter(world(budget(1, '1')), of(ill));
    expect(gate.isOpen(world(budget(1, '1')), of(one))).toBe(true);
    gate.refused(world(budget(0, '1')), of(ill));
    expect(gate.isOpen(world(budget(0, '1')), of(ill))).toBe(false);
    expect(gate.isOpen(world(budget(1, '1')), of(one))).toBe(true);
    expect(gate.isOpen(world(budget(0, '2')), of(ill))).toBe(true);
  });

  it('says when there is no budget whose change could be waited for', () => {
    expect(gate.refused(world(undefined), of(one))).toBe(false);
  });
});
