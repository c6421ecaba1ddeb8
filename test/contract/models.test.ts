import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { connectModel, models } from '../../src/models/index.js';

const SECRET = 'sk-very-secret-0123456789';
const members = models.members.map((m) => [m.id, m] as const);

describe('every model', () => {
  it('is registered, and its id is its file name', () => {
    const folder = new URL('../../src/models/', import.meta.url);
    const defining = readdirSync(folder).filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts') && /= defineModel\(\{/.test(readFileSync(new URL(f, folder), 'utf8')));
    expect(defining.map((f) => f.replace(/\.ts$/, '').replaceAll('-', '_')).sort()).toEqual([...models.ids].sort());
  });

  it.each(members)('%s says what it is, takes a closed configuration and marks its secrets', (_id, member) => {
    expect(member.summary).toMatch(/\.$/);
    expect(member.config.additionalProperties).toBe(false);
    for (const [key, schema] of Object.entries(member.config.properties as Record<string, { format?: string }>)) {
      if (/key|token$|secret|password/i.test(key)) expect(schema.format).toBe('secret');
    }
  });

  it.each(members)('%s loads its SDK on connect only', (id) => {
    const source = readFileSync(new URL(`../../src/models/${id.replaceAll('_', '-')}.ts`, import.meta.url), 'utf8');
    expect(source).not.toMatch(/^import (?!type).*from '(openai|@anthropic-ai\/sdk|@aws-sdk\/.*)';/m);
  });

  it.each(members)('%s calls overload retryable and a wrong key final, quoting neither text', (_id, member) => {
    const of = (status: number) => member.classify({ status, message: SECRET, headers: new Headers() });
    expect([of(503).code, of(429).code, of(401).code, of(400).code]).toEqual(['ModelUnavailable', 'ModelUnavailable', 'ModelRejected', 'ModelRejected']);
    expect(`${of(401).message}${JSON.stringify(of(401).details)}`).not.toContain(SECRET);
  });

  it.each(members)('%s names wrong keys without their values', async (id) => {
    await expect(connectModel(id, { bogus: SECRET })).rejects.toMatchObject({ code: 'ConfigInvalid', message: expect.not.stringContaining(SECRET) });
  });

  it('an unknown one is named with the known ones', async () => {
    await expect(connectModel('oracle', {})).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('the scripted model', () => {
  const request = { system: '', prompt: '', schema: {}, schemaName: 'x', timeoutMs: 1 };

  it('answers in order and repeats the last', async () => {
    const model = await connectModel('scripted', { answers: ['one', { two: 2 }] });
    const texts = [await model.answer(request), await model.answer(request), await model.answer(request)].map((a) => a.text);
    expect(texts).toEqual(['one', '{"two":2}', '{"two":2}']);
  });
});
