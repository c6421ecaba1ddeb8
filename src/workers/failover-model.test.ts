import { describe, expect, it } from '@jest/globals';
import { KubernautError } from '../domain/errors.js';
import type { Model, ModelRequest } from '../domain/ports.js';
import { failoverModel } from './failover-model.js';

const REQUEST: ModelRequest = { system: 's', prompt: 'p', schema: {}, schemaName: 'x', timeoutMs: 300 };
const logger = () => {
  const lines: unknown[] = [];
  return { lines, warn: (...line: unknown[]) => void lines.push(line) };
};
const answering = (id: string, asked: string[] = []): Model => ({ id, answer: async () => (asked.push(id), { text: id, model: id, usage: {} }) });
const failing = (id: string, error: unknown): Model => ({ id, answer: () => Promise.reject(error) });
const hanging = (id: string, timeouts: number[] = []): Model => ({
  id,
  answer: ({ timeoutMs }) => (timeouts.push(timeoutMs), new Promise((_resolve, reject) => setTimeout(() => reject(new KubernautError('ModelUnavailable', `${id} timed out`)), timeoutMs).unref())),
});

describe('models in order', () => {
  it('the first that answers is the one, and the others are not asked', async () => {
    const asked: string[] = [];
    expect(await failoverModel([answering('a/1', asked), answering('b/2', asked)], logger()).answer(REQUEST)).toMatchObject({ text: 'a/1', by: 'a/1' });
    expect(asked).toEqual(['a/1']);
  });

  it('the next is asked when one cannot, the answer says who gave it, and the log says why', async () => {
    const log = logger();
    const answer = await failoverModel([failing('a/1', new KubernautError('ModelUnavailable', 'away')), failing('b/2', new KubernautError('ModelRejected', '401')), answering('c/3')], log).answer(REQUEST);
    expect(answer).toMatchObject({ text: 'c/3', by: 'c/3' });
    expect(log.lines.map((l) => (l as any)[0])).toEqual([{ model: 'a/1', next: 'b/2', code: 'ModelUnavailable' }, { model: 'b/2', next: 'c/3', code: 'ModelRejected' }]);
  });

  it('a model that refuses has answered: nobody else is asked', async () => {
    const asked: string[] = [];
    const refusal = new KubernautError('ModelAnswerInvalid', { message: 'refused', fault: 'model' });
    await expect(failoverModel([failing('a/1', refusal), answering('b/2', asked)], logger()).answer(REQUEST)).rejects.toBe(refusal);
    expect(asked).toEqual([]);
  });

  it('a bug is not hidden by the next model', async () => {
    await expect(failoverModel([failing('a/1', new TypeError('bug')), answering('b/2')], logger()).answer(REQUEST)).rejects.toThrow(TypeError);
  });

  it('one that hangs leaves time for the next', async () => {
    const timeouts: number[] = [];
    expect(await failoverModel([hanging('a/1', timeouts), answering('b/2')], logger()).answer(REQUEST)).toMatchObject({ by: 'b/2' });
    expect(timeouts[0]).toBeLessThanOrEqual(150);
  });

  it('what a quick failure leaves goes to those behind it', async () => {
    const timeouts: number[] = [];
    const last: Model = { id: 'b/2', answer: ({ timeoutMs }) => (timeouts.push(timeoutMs), Promise.reject(new KubernautError('ModelUnavailable', 'y'))) };
    await expect(failoverModel([failing('a/1', new KubernautError('ModelRejected', 'x')), last], logger()).answer({ ...REQUEST, timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'ModelUnavailable' });
    expect(timeouts[0]).toBeGreaterThan(30_000);
  });

  it('nobody is asked any more when nobody waits for the answer', async () => {
    const asked: string[] = [];
    const stop = new AbortController();
    const answer = failoverModel([hanging('a/1'), answering('b/2', asked)], logger()).answer({ ...REQUEST, timeoutMs: 60_000, signal: stop.signal });
    stop.abort();
    await expect(answer).rejects.toMatchObject({ code: 'ModelUnavailable' });
    expect(asked).toEqual([]);
  });

  it('one that heeds no time at all is left behind', async () => {
    const deaf: Model = { id: 'a/1', answer: () => new Promise(() => undefined) };
    expect(await failoverModel([deaf, answering('b/2')], logger()).answer({ ...REQUEST, timeoutMs: 20 })).toMatchObject({ by: 'b/2' });
  });

  it('when nobody can, the error names them all', async () => {
    const all = [failing('a/1', new KubernautError('ModelRejected', 'openai refused')), failing('b/2', new KubernautError('ModelUnavailable', 'ollama is away'))];
    await expect(failoverModel(all, logger()).answer(REQUEST)).rejects.toMatchObject({ code: 'ModelUnavailable', message: expect.stringMatching(/openai refused.*ollama is away/) });
  });
});
