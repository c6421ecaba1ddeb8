import { expect, it } from '@jest/globals';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import { KubernautError, type ErrorCode } from '../domain/errors.js';
import type { VectorIndex } from '../domain/ports.js';
import { watchedVectors } from './watched-vectors.js';

function watched(next: () => ErrorCode | undefined) {
  const metrics = createMetrics({ withProcess: false });
  let now = 0;
  let asked = 0;
  const index = {
    name: 'test/x/y', count: async () => 7,
    nearest: async () => {
      asked += 1;
      const code = next();
      if (code) throw new KubernautError(code, 'no');
      return [];
    },
  } as unknown as VectorIndex;
  const vectors = watchedVectors(index, { metrics, nowMs: () => now });
  const ask = (): Promise<string> => vectors.nearest([1], { limit: 1 }).then(() => 'answered', (error: KubernautError) => error.code);
  return { ask, vectors, wait: (ms: number) => void (now += ms), asked: () => asked, text: () => metrics.registry.metrics() };
}

it('counts requests by how they ended', async () => {
  const replies: (ErrorCode | undefined)[] = [undefined, 'VectorsRejected'];
  const { ask, text } = watched(() => replies.shift());
  expect([await ask(), await ask()]).toEqual(['answered', 'VectorsRejected']);
  for (const line of ['kubernaut_vector_requests_total{operation="nearest",status="success"} 1', 'kubernaut_vector_requests_total{operation="nearest",status="VectorsRejected"} 1', 'kubernaut_circuit_breaker_state{service="vectors"} 0'])
    expect(await text()).toContain(line);
});

it('is not asked for half a minute after three failures in a row, and then once', async () => {
  let isDown = true;
  const { ask, asked, wait, text } = watched(() => (isDown ? 'VectorsUnavailable' : undefined));
  for (let i = 0; i < 3; i++) await ask();
  expect([await ask(), asked()]).toEqual(['VectorsUnavailable', 3]);
  expect(await text()).toContain('kubernaut_vector_requests_total{operation="nearest",status="not_asked"} 1');
  wait(30_000);
  isDown = false;
  expect([await ask(), await ask(), asked()]).toEqual(['answered', 'answered', 5]);
});

it('is asked on while it refuses: it is there', async () => {
  const { ask, asked } = watched(() => 'VectorsRejected');
  for (let i = 0; i < 5; i++) await ask();
  expect(asked()).toBe(5);
});

it('hands on what it does not watch', async () => {
  const { vectors } = watched(() => undefined);
  expect([vectors.name, await vectors.count()]).toEqual(['test/x/y', 7]);
});
