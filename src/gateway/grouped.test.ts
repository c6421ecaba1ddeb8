import { expect, it } from '@jest/globals';
import { grouped } from './grouped.js';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('sends what comes meanwhile together, and gives everybody their own answers', async () => {
  const runs: number[][] = [];
  const double = grouped(async (items: readonly number[]) => {
    runs.push([...items]);
    await tick();
    return items.map((i) => i * 2);
  }, 4);
  const answers = await Promise.all([double([1]), double([2, 3]), double([4]), double([5, 6]), double([])]);
  expect(answers).toEqual([[2], [4, 6], [8], [10, 12], []]);
  expect(runs).toEqual([[1], [2, 3, 4], [5, 6]]);
});

it('fails for those that went together and for nobody else', async () => {
  const run = grouped(async (items: readonly string[]) => {
    await tick();
    if (items.includes('bad')) throw new Error('refused');
    return items;
  }, 2);
  const settled = await Promise.allSettled([run(['first']), run(['good']), run(['bad']), run(['last'])]);
  expect(settled.map((s) => s.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
});

it('lets one through that is bigger than a group', async () => {
  const run = grouped(async (items: readonly number[]) => items, 2);
  expect(await run([1, 2, 3])).toEqual([1, 2, 3]);
});
