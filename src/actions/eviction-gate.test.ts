import { beforeEach, describe, expect, it, jest } from '@jest/globals';
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
  const admits = (pod: KubeObject, b: KubeObject | undefined, pods?: KubeObject[]) => gate.admit(world(b, pods), of(pod));
  /** Admitted, asked for, and taken by the server. */
  const evicts = (pod: KubeObject, b: KubeObject) => {
    expect(admits(pod, b)).toBe(true);
    gate.taken(of(pod));
  };

  it('is open without a budget, or where that has room', () => {
    expect(admits(one, undefined)).toBe(true);
    expect(admits(one, budget(0, '1'))).toBe(false);
    expect(admits(one, budget(1, '1'))).toBe(true);
  });

  it('counts what it admitted until the budget counts it itself', () => {
    evicts(one, budget(2, '1'));
    evicts(two, budget(2, '1'));
    expect(admits(three, budget(2, '1'))).toBe(false);
    expect(admits(three, budget(1, '2', { 'api-1': NOW }))).toBe(false);
    expect(admits(three, budget(1, '3', { 'api-1': NOW, 'api-2': NOW }))).toBe(true);
  });

  it('lets one request of a budget be answered before it admits the next', () => {
    const other = podOf('web-1', { owner: set });
    const ofWeb = pdbOf('web', { allowed: 1 });
    expect(admits(one, budget(2, '1'))).toBe(true);
    expect(admits(two, budget(2, '1'))).toBe(false);
    expect(gate.admit(worldOf([set, other, ofWeb]), of(other))).toBe(true);
    gate.taken(of(one));
    expect(admits(two, budget(2, '1'))).toBe(true);
  });

  it('counts a pod that leaves until its budget is of a later moment', () => {
    evicts(one, budget(1, '1'));
    const leaving = { ...one, metadata: { ...one.metadata, deletionTimestamp: NOW, resourceVersion: '5' } };
    gate.watch(world(budget(1, '1'), [leaving, two]), of(one));
    expect(admits(two, budget(1, '1'), [leaving, two])).toBe(false);
    expect(admits(two, budget(1, '3'), [two])).toBe(false);
    expect(admits(two, budget(1, '6'), [two])).toBe(true);
  });

  it('counts a pod that was never seen leaving until its budget changed', () => {
    evicts(one, budget(1, '1'));
    expect(admits(two, budget(1, '1'), [two])).toBe(false);
    expect(admits(two, budget(1, '2'), [two])).toBe(true);
  });

  it('does not wait for ever for a budget that never counted the pod', () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(0);
    evicts(one, budget(1, '1'));
    clock.mockReturnValue(11_000);
    expect(admits(two, budget(1, '1'), [one, two])).toBe(false);
    expect(admits(two, budget(1, '1'), [two])).toBe(true);
    clock.mockRestore();
  });

  it('gives back what came to nothing', () => {
    admits(one, budget(1, '1'));
    gate.leave(of(one));
    expect(admits(two, budget(1, '1'))).toBe(true);
  });

  it('stays closed after a no until the budget changes, whatever its old count says', () => {
    admits(one, budget(1, '1'));
    expect(gate.refused(world(budget(1, '1')), of(one))).toBe(true);
    expect(admits(two, budget(1, '1'))).toBe(false);
    expect(admits(two, budget(1, '2'))).toBe(true);
  });

  it('asks again after five seconds, though nothing changed: the change may have come before the no', () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(0);
    evicts(one, budget(1, '1'));
    gate.refused(world(budget(1, '2')), of(one));
    clock.mockReturnValue(4_900);
    expect(admits(one, budget(1, '2'))).toBe(false);
    clock.mockReturnValue(5_000);
    expect(admits(one, budget(1, '2'))).toBe(true);
    clock.mockRestore();
  });

  it('lets the server judge a pod that is not Ready, and asks again when its budget changed', () => {
    expect(admits(ill, budget(0, '1'))).toBe(true);
    expect(gate.refused(world(budget(0, '1')), of(ill))).toBe(true);
    expect(admits(ill, budget(0, '1'))).toBe(false);
    expect(admits(one, budget(1, '1'))).toBe(true);
    expect(admits(ill, budget(0, '2'))).toBe(true);
  });

  it('says when there is no budget whose change could be waited for', () => {
    expect(gate.refused(world(undefined), of(one))).toBe(false);
  });
});
