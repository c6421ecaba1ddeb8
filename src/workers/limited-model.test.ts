import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import type { ModelLimits } from '../config/llm-schema.js';
import type { KubernautError } from '../domain/errors.js';
import type { ModelAnswer, ModelRequest } from '../domain/ports.js';
import { limiter } from './limited-model.js';

const REQUEST: ModelRequest = { system: 'hello', prompt: 'hello world', schema: {}, schemaName: 'x', timeoutMs: 1000 };
const ANSWER: ModelAnswer = { text: '{}', model: 'm', usage: { inputTokens: 40, outputTokens: 10 } };

function limited(limits: ModelLimits, answer: (request: ModelRequest) => Promise<ModelAnswer> = async () => ANSWER) {
  const metrics = createMetrics({ withProcess: false });
  let now = 1_000_000;
  const model = limiter({ limits, metrics, nowMs: () => now })({ id: 'openai/m', answer });
  const ask = (more: Partial<ModelRequest> = {}) => model.answer({ ...REQUEST, ...more }).then(() => 'answered', (e: KubernautError) => e);
  return { ask, wait: (ms: number) => void (now += ms), text: () => metrics.registry.metrics() };
}

describe('the limits of a provider', () => {
  it('none: everything goes through', async () => {
    const { ask } = limited({});
    expect(await Promise.all(Array.from({ length: 300 }, () => ask()))).toEqual(Array(300).fill('answered'));
  });

  it('requests of a minute: over it the error says when there is room, and then there is', async () => {
    const { ask, wait, text } = limited({ requestsPerMinute: 2 });
    expect(await ask()).toBe('answered');
    wait(10_000);
    expect(await ask()).toBe('answered');
    expect(await ask()).toMatchObject({ code: 'ModelUnavailable', details: { retryAfterMs: 50_000 } });
    expect(await text()).toContain('kubernaut_ai_service_requests_total{status="limited",provider="openai"} 1');
    wait(50_000);
    expect(await ask()).toBe('answered');
    expect(await ask()).toMatchObject({ code: 'ModelUnavailable' });
  });

  it('tokens of a minute: what was used and what the next prompt needs', async () => {
    const { ask, wait } = limited({ tokensPerMinute: 100 });
    expect([await ask(), await ask()]).toEqual(['answered', 'answered']);
    expect(await ask()).toMatchObject({ code: 'ModelUnavailable', details: { retryAfterMs: 60_000 } });
    wait(60_000);
    expect(await ask()).toBe('answered');
  });

  it('a prompt over the tokens of a minute is asked when nothing else was', async () => {
    const { ask } = limited({ tokensPerMinute: 1 });
    expect(await ask()).toBe('answered');
    expect(await ask()).toMatchObject({ code: 'ModelUnavailable' });
  });

  it('at the same time: more wait, in order', async () => {
    let underWay = 0;
    let most = 0;
    const order: string[] = [];
    const { ask } = limited({ maxConcurrent: 2 }, async ({ prompt }) => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      order.push(prompt);
      return ANSWER;
    });
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((prompt) => ask({ prompt })));
    expect([most, order]).toEqual([2, ['a', 'b', 'c', 'd', 'e', 'f']]);
  });

  it('one that waits longer than its time is told so, and its turn is not taken later', async () => {
    const asked: string[] = [];
    let finish = (): void => undefined;
    const { ask } = limited({ maxConcurrent: 1 }, async ({ prompt }) => {
      asked.push(prompt);
      await new Promise<void>((resolve) => void (finish = resolve));
      return ANSWER;
    });
    const first = ask({ prompt: 'first' });
    expect(await ask({ prompt: 'second', timeoutMs: 20 })).toMatchObject({ code: 'ModelUnavailable' });
    finish();
    expect(await first).toBe('answered');
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toEqual(['first']);
  });

  it('too many waiting are turned away', async () => {
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => void (finish = resolve));
    const { ask } = limited({ maxConcurrent: 1 }, () => gate.then(() => ANSWER));
    const all = Array.from({ length: 203 }, () => ask({ timeoutMs: 60_000 }));
    expect(await all[202]).toMatchObject({ code: 'ModelUnavailable', details: { retryAfterMs: 1000 } });
    finish();
    expect((await Promise.all(all)).filter((a) => a === 'answered')).toHaveLength(201);
  });
});
