import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeAlertmanagerApi, listedAlert, wellBehaved, type FakeApi } from '../../../test/support/alertmanager-api.js';
import { loadConfig } from '../../config/load.js';
import { checkAlertManager } from './alertmanager.js';

let api: FakeApi;
const check = (flags: Record<string, unknown>) => checkAlertManager({ config: loadConfig({ env: {}, flags: Object.fromEntries(Object.entries(flags).map(([k, v]) => [`sources.alertmanager.${k}`, v])) }) });

beforeAll(async () => {
  api = await fakeAlertmanagerApi();
});
afterAll(() => api.close());
beforeEach(() => {
  api.answer = wellBehaved([listedAlert('a')]);
  api.seen.length = 0;
});

describe('doctor on AlertManager', () => {
  it('says that nobody is asked', async () => expect(await check({})).toEqual([expect.objectContaining({ state: 'off', next: 'set sources.alertmanager.url' })]));

  it('asks each with the configured credentials', async () => {
    expect(await check({ url: `${api.url},${api.url}/two`, token: 's3cret', receiver: 'people' })).toEqual([
      expect.objectContaining({ state: 'ok', detail: expect.stringMatching(/\/\/127\.0\.0\.1:\d+, version 0\.25\.0, up for [\dhms]+, 1 alerts$/) }),
      expect.objectContaining({ state: 'ok', detail: expect.stringContaining('/two, ') }),
    ]);
    expect(new Set(api.seen.map((s) => s.authorization))).toEqual(new Set(['Bearer s3cret']));
  });

  it('knows that the receiver is unknown there', async () => {
    expect(await check({ url: api.url, receiver: 'kubernautt' })).toEqual([expect.objectContaining({ state: 'warn', detail: expect.stringContaining('it has no receiver kubernautt'), next: expect.stringContaining('kubernaut, people') })]);
  });

  it('says who cannot be asked and what to do', async () => {
    expect(await check({ url: ['http://127.0.0.1:1'] })).toEqual([expect.objectContaining({ state: 'fail', isOutOfReach: true, detail: expect.stringContaining('cannot be asked: ECONNREFUSED'), next: expect.stringMatching(/^check sources\.alertmanager\.url/) })]);
    api.answer = (_name, response) => void response.writeHead(401).end();
    const [refused] = await check({ url: api.url });
    expect([refused!.state, refused!.isOutOfReach, refused!.next]).toEqual(['fail', undefined, expect.stringContaining('sources.alertmanager.token')]);
  });
});
