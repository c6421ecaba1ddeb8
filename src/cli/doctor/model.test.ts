import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../config/load.js';
import { json, startBadModelServer, type BadModelServer } from '../../../test/support/bad-model-server.js';
import { KEY, MODEL_WIRES } from '../../../test/support/model-wires.js';
import { checkModels } from './model.js';

let server: BadModelServer;
beforeAll(async () => void (server = await startBadModelServer()));
afterAll(() => server.close());

const checked = (llm: object) => checkModels({ config: loadConfig({ env: {}, flags: Object.fromEntries(Object.entries(llm).map(([k, v]) => [`llm.${k}`, v])) }) });

describe('doctor and the models', () => {
  it('no model is a normal state', async () => expect(await checked({})).toEqual([expect.objectContaining({ check: 'model', state: 'off' })]));

  it.each(MODEL_WIRES.map((w) => [w.id, w] as const))('%s is probed for one structured answer', async (id, wire) => {
    server.behave(({ body }, reply) => void reply.writeHead(200, { 'content-type': 'application/json' }).end(wire.answer('{"state":"ready"}', wire.rungOf(body))));
    expect(await checked({ provider: id, ...wire.config(server.origin) })).toEqual([{ check: 'model', state: 'ok', detail: expect.stringMatching(new RegExp(`^${id}/m kept to a schema, `)) }]);
  });

  it('each fallback has a row of its own, with the key that leads to it', async () => {
    server.behave(json('{}', 401));
    const fallbacks = [{ provider: 'ollama', endpoint: server.endpoint, model: 'llama' }];
    const rows = await checked({ provider: 'anthropic', endpoint: server.origin, model: 'claude', apiKey: KEY, fallbacks });
    expect(rows.map((r) => [r.check, r.state])).toEqual([['model', 'fail'], ['model, fallback 1', 'fail']]);
    expect(rows[1]!.next).toContain('llm.fallbacks.0');
    expect(JSON.stringify(rows)).not.toContain(KEY);
  });

  it('prose instead of JSON is a failure', async () => {
    server.behave(json(MODEL_WIRES[0]!.answer('I am ready!', 'json_schema')));
    expect(await checked({ endpoint: server.endpoint, model: 'm' })).toEqual([expect.objectContaining({ state: 'fail', detail: expect.stringContaining('not the JSON') })]);
  });
});
