import { expect, it } from '@jest/globals';
import { againAndAgain } from './again-and-again.js';

const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 2));
};

it('goes on after failures, never twice at a time, and ends with what is under way', async () => {
  const errors: unknown[] = [];
  let runs = 0;
  let running = 0;
  let most = 0;
  const repeated = againAndAgain(
    async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      runs += 1;
      if (runs === 2) throw new Error('once');
    },
    { everyMs: 1, onError: (error) => errors.push(error) },
  );
  repeated.start();
  await until(() => runs >= 4);
  await repeated.stop();
  const ended = runs;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([most, running, runs, errors.length]).toEqual([1, 0, ended, 1]);
});
