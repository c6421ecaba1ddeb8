import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json, startBadModelServer, type BadModelServer } from '../../../test/support/bad-model-server.js';
import { loadConfig } from '../../config/load.js';
import { checkInvestigators } from './investigators.js';

let server: BadModelServer;
beforeAll(async () => void (server = await startBadModelServer()));
afterAll(() => server.close());

const check = (flags: Record<string, unknown>) => checkInvestigators({ config: loadConfig({ env: {}, flags }) });
const one = '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"]]}]}}';

describe('doctor on Prometheus', () => {
  it('not to have one is a normal state', async () => expect(await check({})).toEqual([expect.objectContaining({ check: 'prometheus', state: 'off', next: 'set prometheus.url' })]));

  it.each<[string, Parameters<BadModelServer['behave']>[0], object]>([
    ['answers queries', json(one), { state: 'ok', detail: expect.stringContaining('answers queries') }],
    ['another page', json('<html>'), { state: 'fail', detail: expect.stringContaining('not JSON'), next: expect.stringContaining('check prometheus.url') }],
    ['no series', json('{"status":"success","data":{"resultType":"matrix","result":[]}}'), { state: 'fail' }],
    ['a wrong token', json('{}', 401), { state: 'fail', detail: expect.stringContaining('refuses our credentials'), next: expect.stringContaining('prometheus.token') }],
  ])('%s', async (_name, behaviour, row) => {
    server.behave(behaviour);
    const rows = await check({ 'prometheus.url': server.origin, 'prometheus.token': 's3cret' });
    expect(rows).toEqual([expect.objectContaining({ check: 'prometheus', ...row })]);
    expect(JSON.stringify(rows)).not.toContain('s3cret');
    expect(server.calls[0]).toMatchObject({ path: '/api/v1/query_range', headers: { authorization: 'Bearer s3cret' } });
  });

  it('nobody there', async () => expect(await check({ 'prometheus.url': 'http://127.0.0.1:1' })).toEqual([expect.objectContaining({ state: 'fail', isOutOfReach: true, detail: expect.stringContaining('out of reach') })]));
});

describe('doctor on HolmesGPT', () => {
  const holmes = async (more: object = {}) => (await check({ 'investigation.holmes.url': server.origin, 'investigation.holmes.apiKey': 's3cret', ...more })).slice(1);

  it.each<[string, Parameters<BadModelServer['behave']>[0], object, object]>([
    ['is there', json('{"model_name":["gpt","local"]}'), {}, { state: 'ok', detail: expect.stringContaining('models gpt, local') }],
    ['an older one, with the model that is named', json(JSON.stringify({ model_name: '["gpt"]' })), { 'investigation.holmes.model': 'gpt' }, { state: 'ok' }],
    ['without the model that is named', json('{"model_name":["gpt"]}'), { 'investigation.holmes.model': 'other' }, { state: 'warn', next: 'set investigation.holmes.model to one of gpt' }],
    ['another server', json('{"hello":1}'), {}, { state: 'fail', detail: expect.stringContaining('is no HolmesGPT') }],
    ['refuses', json('{}', 403), {}, { state: 'fail', next: expect.stringContaining('investigation.holmes') }],
  ])('%s', async (_name, behaviour, more, row) => {
    server.behave(behaviour);
    const rows = await holmes(more);
    expect(rows).toEqual([expect.objectContaining({ check: 'holmes', ...row })]);
    expect(JSON.stringify(rows)).not.toContain('s3cret');
    expect(server.calls.map((c) => c.path)).toEqual(['/api/model']);
  });

  it('hangs up', async () => {
    server.behave((_call, reply) => void reply.socket?.destroy());
    expect(await holmes()).toEqual([expect.objectContaining({ state: 'fail', detail: expect.stringContaining('out of reach') })]);
  });
});
