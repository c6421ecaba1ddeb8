import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import { KubernautError, type ErrorCode } from '../domain/errors.js';
import type { ModelRequest } from '../domain/ports.js';
import { watcher } from './watched-model.js';

const REQUEST: ModelRequest = { system: 's', prompt: 'p', schema: {}, schemaName: 'x', timeoutMs: 1 };

function watched(next: () => ErrorCode | KubernautError | undefined) {
  const metrics = createMetrics({ withProcess: false });
  let now = 0;
  let asked = 0;
  const watch = watcher({ metrics, breaker: { threshold: 2, openMs: 60_000, successes: 1 }, service: 'model:openai', nowMs: () => now });
  const model = watch(
    {
      id: 'openai/some-model',
      answer: async () => {
        asked += 1;
        const code = next();
        if (code) throw typeof code === 'string' ? new KubernautError(code, 'no') : code;
        return { text: '{}', model: 'some-model', usage: { inputTokens: 10, outputTokens: 2 } };
      },
    },
    { input: 2, output: 10 },
  );
  const ask = (): Promise<string> => model.answer(REQUEST).then(() => 'answered', (error: KubernautError) => error.code);
  return { ask, wait: (ms: number) => void (now += ms), asked: () => asked, text: () => metrics.registry.metrics() };
}

describe('a watched model', () => {
  it('counts requests by how they ended, and tokens by kind', async () => {
    const replies: (ErrorCode | undefined)[] = [undefined, 'ModelAnswerInvalid'];
    const { ask, text } = watched(() => replies.shift());
    expect([await ask(), await ask()]).toEqual(['answered', 'ModelAnswerInvalid']);
    for (const line of [
      'kubernaut_ai_service_requests_total{status="success",provider="openai"} 1', 'kubernaut_ai_service_requests_total{status="ModelAnswerInvalid",provider="openai"} 1',
      'kubernaut_model_tokens_total{provider="openai",kind="input"} 10', 'kubernaut_model_tokens_total{provider="openai",kind="output"} 2', 'kubernaut_circuit_breaker_state{service="model:openai"} 0',
      'kubernaut_model_cost_usd_total{provider="openai"} 0.00004',
    ]) expect(await text()).toContain(line);
  });

  it('is not asked any more after failures in a row, and again after a while', async () => {
    let isDown = true;
    const { ask, wait, asked, text } = watched(() => (isDown ? 'ModelUnavailable' : undefined));
    expect([await ask(), await ask(), await ask(), asked()]).toEqual(['ModelUnavailable', 'ModelUnavailable', 'ModelRejected', 2]);
    expect(await text()).toContain('kubernaut_circuit_breaker_state{service="model:openai"} 1');
    isDown = false;
    wait(60_000);
    expect([await ask(), await ask()]).toEqual(['answered', 'answered']);
    expect(await text()).toContain('kubernaut_circuit_breaker_state{service="model:openai"} 0');
  });

  it('is not asked any more when what comes is no answer of a model at all', async () => {
    const page = new KubernautError('ModelAnswerInvalid', { message: 'not JSON', fault: 'provider' });
    const { ask, asked } = watched(() => page);
    for (let i = 0; i < 5; i++) await ask();
    expect(asked()).toBe(2);
  });

  it('a call that was given up says nothing about the provider', async () => {
    const metrics = createMetrics({ withProcess: false });
    const away = { id: 'openai/m', answer: () => Promise.reject(new KubernautError('ModelUnavailable', 'aborted')) };
    const model = watcher({ metrics, breaker: { threshold: 1, openMs: 60_000, successes: 1 }, service: 'model:openai' })(away);
    await expect(model.answer({ ...REQUEST, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ModelUnavailable' });
    expect(await metrics.registry.metrics()).toContain('kubernaut_circuit_breaker_state{service="model:openai"} 0');
    expect(await metrics.registry.metrics()).toContain('status="given_up"');
  });

  it('stays open to a provider that is there and refuses', async () => {
    const { ask, asked } = watched(() => 'ModelRejected');
    for (let i = 0; i < 5; i++) await ask();
    expect(asked()).toBe(5);
  });
});
