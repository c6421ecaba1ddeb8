import { describe, expect, it } from '@jest/globals';
import { createInOrder, createLimit, forEachLimited } from './in-order.js';

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('createInOrder', () => {
  it('runs one at a time per key in order, after failures too, and lets other keys pass', async () => {
    const inOrder = createInOrder();
    const seen: string[] = [];
    const run = (key: string, name: string, ms: number, fails = false) =>
      inOrder(key, async () => {
        await after(ms);
        seen.push(name);
        if (fails) throw new Error(name);
      }).catch(() => undefined);
    await Promise.all([run('a', 'a1', 30, true), run('a', 'a2', 1), run('b', 'b1', 5)]);
    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });
});

describe('createLimit', () => {
  it('never runs more than it may, in order', async () => {
    const limit = createLimit(2, 1000);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all([1, 2, 3, 4, 5].map((i) => limit(async () => {
      most = Math.max(most, (running += 1));
      order.push(i);
      await after(5);
      running -= 1;
    })));
    expect([most, order]).toEqual([2, [1, 2, 3, 4, 5]]);
  });

  it('refuses those for whom there is no room to wait, and takes others when there is', async () => {
    const limit = createLimit(1, 1);
    const [slow, waits, refused] = [limit(() => after(20)), limit(async () => 'waited'), limit(async () => 'refused')];
    await expect(refused).rejects.toMatchObject({ code: 'Overloaded' });
    await slow;
    expect(await waits).toBe('waited');
    expect(await limit(async () => 'in time')).toBe('in time');
  });
});

describe('forEachLimited', () => {
  it('stops what has not begun at the first failure and throws it after the rest has settled', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const all = forEachLimited([1, 2, 3, 4, 5, 6], 2, async (i) => {
      begun.push(i);
      await after(i === 1 ? 5 : 15);
      if (i === 1) throw new Error('one');
      ended.push(i);
    });
    await expect(all).rejects.toThrow('one');
    expect([begun, ended]).toEqual([[1, 2], [2]]);
  });
});
