import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startControlServer, type ControlServer } from './control-server.js';
import type { AlertSink } from './ticker/sinks.js';

const sinks: (AlertSink | undefined)[] = [];
let control: ControlServer;
beforeAll(async () => {
  control = await startControlServer({
    ticker: { firing: () => [], isActive: (name) => (name === 'Known' ? true : undefined) },
    setSink: async (sink) => void sinks.push(sink),
  });
});
afterAll(() => control.stop());

const call = async (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<[number, unknown]> => {
  const response = await fetch(control.url + path, { method, body, headers });
  return [response.status, await response.json()];
};

it('answers health, alerts and activity', async () => {
  expect(await call('GET', '/healthz')).toEqual([200, { status: 'ok' }]);
  expect(await call('GET', '/alerts')).toEqual([200, []]);
  expect(await call('POST', '/active', '{"alertname":"Known","labels":{}}')).toEqual([200, { active: true }]);
  expect(await call('POST', '/active', '{"alertname":"Other"}')).toEqual([200, { active: null }]);
});

it('sets and clears the sink', async () => {
  const sink = { kind: 'webhook', url: 'http://127.0.0.1:1/alerts', token: 't' };
  expect((await call('PUT', '/sink', JSON.stringify(sink)))[0]).toBe(200);
  expect((await call('PUT', '/sink', 'null'))[0]).toBe(200);
  expect(sinks).toEqual([sink, undefined]);
});

it.each([['{', 400], ['{"kind":"mail","url":"http://x"}', 400], ['{"kind":"webhook","url":"nowhere"}', 400]])('refuses the sink %s', async (body, status) => {
  expect((await call('PUT', '/sink', body))[0]).toBe(status);
});

it('refuses browsers and unknown routes', async () => {
  expect((await call('GET', '/healthz', undefined, { origin: 'http://evil.example' }))[0]).toBe(403);
  expect((await call('GET', '/nothing'))[0]).toBe(404);
});
