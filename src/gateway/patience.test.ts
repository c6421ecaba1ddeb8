import { expect, it } from '@jest/globals';
import { KubernautError } from '../domain/errors.js';
import { createPatience } from './patience.js';

const SOON_MS = 10;
const down = new KubernautError('TemporalUnavailable', 'Temporal is out of reach; wait');

function work() {
  let end!: (error?: unknown) => void;
  const promise = new Promise<void>((resolve, reject) => (end = (error) => (error ? reject(error) : resolve())));
  return { promise, end };
}

it('waits for what is quick, and hears how it failed', async () => {
  const patience = createPatience(10_000);
  await patience.wait(Promise.resolve());
  await expect(patience.wait(Promise.reject(down))).rejects.toBe(down);
});

it('does not wait for what takes long, nor hears that it failed later', async () => {
  const { promise, end } = work();
  await createPatience(SOON_MS).wait(promise);
  end(down);
});

it('says that Temporal takes nothing, until it does again', async () => {
  const patience = createPatience(SOON_MS);
  await patience.wait(Promise.reject(down)).catch(() => undefined);
  const slow = work();
  await expect(patience.wait(slow.promise)).rejects.toMatchObject({ code: 'TemporalUnavailable', details: { retryAfterMs: 5000 } });
  slow.end();
  await slow.promise;
  await patience.wait(work().promise);
});
