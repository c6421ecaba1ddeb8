import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '../adapters/telemetry/logger.js';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import { loadConfig } from '../config/load.js';
import type { Model, ModelCall, ModelRequest } from '../domain/ports.js';
import { BROKEN, json, startBadModelServer, type BadModelServer } from '../../test/support/bad-model-server.js';
import { KEY, MODEL_WIRES, NAME } from '../../test/support/model-wires.js';
import { composeModels } from './compose-model.js';

const TEXT = '{"a":"b"}';
const REQUEST: ModelRequest = { system: 'S', prompt: 'P', schemaName: NAME, timeoutMs: 2000, schema: { type: 'object', additionalProperties: false, required: ['a'], properties: { a: { type: 'string' } } } };
const wire = (id: string) => MODEL_WIRES.find((w) => w.id === id)!;

let primary: BadModelServer;
let second: BadModelServer;
beforeAll(async () => {
  [primary, second] = await Promise.all([startBadModelServer(), startBadModelServer()]);
});
afterAll(() => Promise.all([primary.close(), second.close()]));

async function composed(llm: Record<string, unknown>, env: Record<string, string> = {}) {
  const calls = new Map<string, ModelCall>();
  const lines: string[] = [];
  const metrics = createMetrics({ withProcess: false });
  const store = {
    recordModelCall: async (call: ModelCall) => void calls.set(call.id, call),
    modelUseSince: async () => ({ calls: calls.size, tokens: 0, cost: 0 }),
  };
  const config = loadConfig({ env, flags: Object.fromEntries(Object.entries(llm).map(([k, v]) => [`llm.${k}`, v])) });
  const logger = createLogger({ level: 'trace', format: 'json', destination: { write: (line: string) => void lines.push(line) } });
  const { work: model, other } = await composeModels({ config, store, clock: { now: () => '2026-03-01T00:00:00.000Z' }, metrics, logger });
  return { model: model as Model, other, calls, lines, text: () => metrics.registry.metrics() };
}

const claudeThenLlama = () => ({
  provider: 'anthropic', endpoint: primary.origin, model: 'claude', apiKey: KEY,
  prices: { claude: { input: 3, output: 15 }, llama: { input: 0, output: 0 } },
  fallbacks: [{ provider: 'ollama', endpoint: second.endpoint, model: 'llama' }],
});
const good = (id: string) => json(wire(id).answer(TEXT, 'json_schema'));

describe('the model of a process', () => {
  it('is none without a provider', async () => expect((await composed({ model: 'x' })).model).toBeUndefined());

  it('is what LLM_* says', async () => {
    primary.behave(good('openai'));
    const { model } = await composed({}, { LLM_ENDPOINT: primary.endpoint, LLM_MODEL: 'gpt' });
    expect([model.id, (await model.answer(REQUEST)).text]).toEqual(['openai/gpt', TEXT]);
  });

  it('answers with who, what it used and what that cost, counted everywhere', async () => {
    primary.behave(good('anthropic'));
    const { model, calls, text } = await composed(claudeThenLlama());
    const answer = await model.answer(REQUEST);
    expect(answer).toEqual({ text: TEXT, model: 'm', by: 'anthropic/claude', usage: { inputTokens: 812, outputTokens: 64, cost: (812 * 3 + 64 * 15) / 1e6 } });
    expect([...calls.values()]).toEqual([expect.objectContaining({ model: 'anthropic/claude', inputTokens: 812, outputTokens: 64, cost: answer.usage.cost })]);
    for (const line of ['circuit_breaker_state{service="model:anthropic"} 0', 'circuit_breaker_state{service="model:ollama"} 0', 'ai_service_requests_total{status="success",provider="anthropic"} 1']) expect(await text()).toContain(line);
  });

  it.each([
    ['a wrong key', json('{}', 401)],
    ['overload', json('{}', 529, { 'retry-after': '3600' })],
    ['a page of a proxy', json('<html>welcome</html>')],
    ...Object.entries(BROKEN),
  ])('%s: the next provider answers', async (_name, behaviour) => {
    primary.behave(behaviour);
    second.behave(good('ollama'));
    const { model, lines, text } = await composed(claudeThenLlama());
    expect(await model.answer({ ...REQUEST, timeoutMs: 1500 })).toMatchObject({ text: TEXT, by: 'ollama/llama', usage: { cost: 0 } });
    expect(await text()).toContain('ai_service_requests_total{status="success",provider="ollama"} 1');
    expect(lines.join('')).toContain('the next one is asked');
    expect(lines.join('')).not.toContain(KEY);
  });

  it('a breaker each: the first is left alone after five failures, asked again after the time, trusted again after three answers', async () => {
    primary.behave(json('{}', 503));
    second.behave(good('ollama'));
    const { model, text } = await composed(claudeThenLlama(), { CIRCUIT_BREAKER_TIMEOUT: '50ms' });
    const state = async (): Promise<string> => /circuit_breaker_state\{service="model:anthropic"\} (\d)/.exec(await text())![1]!;
    for (let i = 0; i < 5; i++) expect((await model.answer(REQUEST)).by).toBe('ollama/llama');
    expect([primary.calls.length, await state()]).toEqual([5, '1']);
    primary.behave(good('anthropic'));
    let trials = 0;
    while ((await model.answer(REQUEST)).by === 'ollama/llama') expect(trials++).toBeLessThan(10_000);
    expect(await state()).toBe('2');
    await model.answer(REQUEST);
    await model.answer(REQUEST);
    expect(await state()).toBe('0');
  });

  it('nobody can: the words of both, and soon', async () => {
    primary.behave(json('{}', 401));
    second.behave(json('{}', 503));
    const { model } = await composed(claudeThenLlama());
    await expect(model.answer(REQUEST)).rejects.toMatchObject({ code: 'ModelUnavailable', message: expect.stringMatching(/anthropic.*401.*ollama.*503/) });
  });

  it('over its own limits the next one is asked', async () => {
    primary.behave(good('anthropic'));
    second.behave(good('ollama'));
    const { model } = await composed({ ...claudeThenLlama(), limits: { requestsPerMinute: 1 } });
    expect([(await model.answer(REQUEST)).by, (await model.answer(REQUEST)).by]).toEqual(['anthropic/claude', 'ollama/llama']);
  });

  it('over the budget of the day nobody is asked', async () => {
    primary.behave(good('anthropic'));
    second.behave(good('ollama'));
    const { model } = await composed({ ...claudeThenLlama(), budget: { callsPerDay: 1 } });
    await model.answer(REQUEST);
    await expect(model.answer(REQUEST)).rejects.toMatchObject({ code: 'ModelRejected', message: expect.stringContaining('2026-03-02T00:00:00.000Z') });
    expect([primary.calls.length, second.calls.length]).toEqual([1, 0]);
  });

  it('two of one provider have a breaker each', async () => {
    const { text } = await composed({ endpoint: primary.endpoint, model: 'big', fallbacks: [{ endpoint: second.endpoint, model: 'small' }] });
    expect(await text()).toContain('service="model:openai/big"');
    expect(await text()).toContain('service="model:openai/small"');
  });
});

describe('the model that a replay names', () => {
  const asked = (server: BadModelServer): string[] => server.calls.map((c) => (c.body as { model: string }).model);
  const code = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'answered', (error: { code: string }) => error.code);

  it('is the configured one of that name, else the first provider with it', async () => {
    primary.behave(good('anthropic'));
    second.behave(good('ollama'));
    const { other } = await composed(claudeThenLlama());
    await (await other('llama')).answer(REQUEST);
    await (await other('opus')).answer(REQUEST);
    expect([asked(primary), asked(second)]).toEqual([['opus'], ['llama']]);
  });

  it('is refused politely without a provider, and with a budget in dollars without its price', async () => {
    await expect((await composed({ model: 'x' })).other('y')).rejects.toMatchObject({ code: 'InvalidParams', message: expect.stringContaining('llm.endpoint') });
    const { other } = await composed({ ...claudeThenLlama(), budget: { costPerDay: 5 } });
    await expect(other('opus')).rejects.toMatchObject({ code: 'InvalidParams', message: expect.stringContaining('llm.prices') });
  });

  it('is paid from the budget of the day, together with the work', async () => {
    primary.behave(good('anthropic'));
    const { model, other, calls } = await composed({ ...claudeThenLlama(), budget: { callsPerDay: 2 } });
    await model.answer(REQUEST);
    await (await other('opus')).answer(REQUEST);
    expect([...calls.values()].map((c) => c.model)).toEqual(['anthropic/claude', 'anthropic/opus']);
    expect([await code((await other('opus')).answer(REQUEST)), await code((await other('llama')).answer(REQUEST))]).toEqual(['ModelRejected', 'ModelRejected']);
    expect(primary.calls).toHaveLength(2);
  });

  it('shares the limits of its provider', async () => {
    primary.behave(good('anthropic'));
    const { other } = await composed({ ...claudeThenLlama(), limits: { requestsPerMinute: 1 } });
    await (await other('opus')).answer(REQUEST);
    expect([await code((await other('opus')).answer(REQUEST)), await code((await other('haiku')).answer(REQUEST)), await code((await other('claude')).answer(REQUEST))]).toEqual(Array(3).fill('ModelUnavailable'));
    expect(primary.calls).toHaveLength(1);
  });

  it('is left alone after five failures, which the work does not notice; a configured one has the breaker of the work', async () => {
    primary.behave(json('{}', 503));
    second.behave(good('ollama'));
    const { model, other, text } = await composed(claudeThenLlama());
    for (let i = 0; i < 5; i++) expect(await code((await other(`m${i}`)).answer(REQUEST))).toBe('ModelUnavailable');
    expect(await code((await other('m5')).answer(REQUEST))).toBe('ModelRejected');
    expect(primary.calls).toHaveLength(5);
    for (const line of ['service="model:anthropic"} 0', 'service="model:anthropic:replay"} 1']) expect(await text()).toContain(line);
    for (let i = 0; i < 5; i++) await model.answer(REQUEST);
    expect([await code((await other('claude')).answer(REQUEST)), primary.calls.length]).toEqual(['ModelRejected', 10]);
  });
});
