import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { gatewayDeps, memoryStore, memoryTemporal, talkTo } from '../../test/support/gateway.js';
import type { Storm } from '../domain/storm.js';

const STORM: Storm = { since: '2030-01-01T12:00:00.000Z', why: '3 of 4 nodes are NotReady, more than 20 %', calmSince: '2030-01-01T12:03:00.000Z', readAt: '2030-01-01T12:03:00.000Z' };
const SHOWN = { cluster: 'prod', since: STORM.since, why: STORM.why, calm_since: STORM.calmSince };

let now: Storm | undefined;
let talk: Awaited<ReturnType<typeof talkTo>>;
beforeAll(async () => void (talk = await talkTo(gatewayDeps({ ...memoryStore(), ...memoryTemporal(), storm: () => now }))));
afterAll(() => talk.gateway.close());

it.each(['/api/v1/info', '/api/v1/pauses'])('a storm is shown by %s while it holds', async (path) => {
  now = STORM;
  expect((await talk.send('GET', path)).body.storm).toEqual(SHOWN);
  now = { ...STORM, calmSince: undefined };
  expect((await talk.send('GET', path)).body.storm).toEqual({ ...SHOWN, calm_since: undefined });
  now = undefined;
  expect((await talk.send('GET', path)).body).not.toHaveProperty('storm');
});

it('a storm is an issue of /ready, and signals are taken all the same', async () => {
  now = STORM;
  const { status, body } = await talk.send('GET', '/ready');
  expect([status, body.healthy, body.status]).toEqual([200, true, 'degraded']);
  expect(body.issues).toEqual([`storm mode on cluster prod since ${STORM.since}, nothing new is written there: ${STORM.why}`]);
  now = undefined;
  expect((await talk.send('GET', '/ready')).body).toMatchObject({ status: 'healthy', issues: [] });
});
