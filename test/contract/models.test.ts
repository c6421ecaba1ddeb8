import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { connectModel, models } from '../../src/models/index.js';
import { itKeepsTheContractOfModels } from './checks/model-contract.js';

const SECRET = 'sk-very-secret-0123456789';
const members = models.members.map((m) => [m.id, m] as const);

describe('every model', () => {
  it('is registered, and its id is its file name', () => {
    const folder = new URL('../../src/models/', import.meta.url);
    const defining = readdirSync(folder).filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts') && /= defineModel\(\{/.test(readFileSync(new URL(f, folder), 'utf8')));
    expect(defining.map((f) => f.replace(/\.ts$/, '').replaceAll('-', '_')).sort()).toEqual([...models.ids].sort());
  });

  describe.each(members)('%s', (_id, model) => {
    itKeepsTheContractOfModels(model, 'src/models');
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
