import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { alertOf, webhookOf } from '../support/gateway.js';
import { buildGatewayProgram, type GatewayProcess, type GatewayProgram } from './gateway-process.js';
import { generatorOf } from './generators/requests.js';
import { faultsInLog, oracleOf } from './oracle.js';
import { bytesOf, escaped } from './request.js';
import { emptyTally, fuzz, reportOf } from './run.js';
import { API_TOKENS, settingsOf } from './settings.js';
import { openSlowHalves, stillHeld, type SlowHalf } from './slow-halves.js';
import { openLine } from './wire.js';
import type { Vitals } from './protocol.js';

/**
 * Every route under requests that nobody would write by hand, over raw sockets, against a gateway in a process of its own.
 * FUZZ_REQUESTS=200000 for more, FUZZ_SEED=… for the same again, FUZZ_REPLAY=<file> for one request (docs/guides/operating.md).
 */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 20_000);
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 0x7fffffff));
const REPLAY = process.env.FUZZ_REPLAY;
const WARM_UP = 2000;
const CONNECTIONS = 12;
/** The gateway's own patience is 15 s. */
const HANG_UP_MS = 30_000;
const MIB = 1024 * 1024;

jest.setTimeout(10 * 60_000 + REQUESTS * 20);

let program: GatewayProgram;
let gateway: GatewayProcess;

beforeAll(async () => {
  program = await buildGatewayProgram();
  gateway = await program.start(settingsOf());
});
afterAll(async () => {
  await gateway?.stop();
  program?.remove();
});

/** On a connection that ends with it. */
async function ask(method: string, target: string, body?: object): Promise<{ status: number; body: any }> {
  const bytes = body && Buffer.from(JSON.stringify(body));
  const headers = [['Host', '127.0.0.1'], ['Authorization', `Bearer ${API_TOKENS[0]!}`], ['Connection', 'close'], ...(bytes ? [['Content-Type', 'application/json'], ['Content-Length', String(bytes.length)]] : [])] as [string, string][];
  const line = openLine(gateway.surface.port);
  line.write(bytesOf({ method, target, headers, body: bytes }));
  const response = (await line.next(method, HANG_UP_MS))!;
  line.destroy();
  const text = response.body.toString('utf8');
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

/** Closing takes a moment, and an idle connection that we forgot 75 s; what is open after that is a leak. */
async function settled(): Promise<Vitals> {
  for (let tries = 0; tries < 1000; tries++) {
    const vitals = await gateway.vitals();
    if (vitals.connections === 0) return vitals;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return gateway.vitals();
}

if (REPLAY !== undefined) {
  it(`answers ${REPLAY}`, async () => {
    const bytes = readFileSync(REPLAY);
    const line = openLine(gateway.surface.port);
    line.write(bytes);
    const response = await line.next(bytes.subarray(0, 20).toString('latin1').split(' ')[0]!, HANG_UP_MS);
    line.destroy();
    const faults = response ? oracleOf(gateway.surface.openapi).faultsOf({ about: 'replay', method: 'GET', bytes, wire: 'alone' }, response) : [];
    console.log(`${escaped(bytes)}\n→ ${response ? `${response.status}\n${response.headers.map((h) => h.join(': ')).join('\n')}\n${escaped(response.body)}` : 'no answer'}\n${gateway.lines().join('\n')}`);
    expect(faults).toEqual([]);
  });
} else {
  describe(`the gateway under ${REQUESTS} requests of seed ${SEED}`, () => {
    const tally = emptyTally();
    let halves: SlowHalf[];
    let warm: Vitals & { resident: number };
    let goodAlert: object;

    it('answers every one of them as it is documented, or hangs up on what is no HTTP', async () => {
      console.log(`fuzz: ${REQUESTS} requests, FUZZ_SEED=${SEED}`);
      goodAlert = webhookOf(alertOf({ fingerprint: 'beforeandafter00', labels: { deployment: 'before-and-after', pod: '' } }));
      expect((await ask('POST', '/alerts', goodAlert)).status).toBe(202);
      const { port } = gateway.surface;
      const generator = generatorOf(gateway.surface, { seed: SEED });
      const oracle = oracleOf(gateway.surface.openapi);
      let index = 0;
      const upTo = (count: number) => fuzz({ port, oracle, tally, connections: CONNECTIONS, next: () => (index < count && gateway.death() === undefined ? generator.request(index++) : undefined) });
      await upTo(Math.min(WARM_UP, REQUESTS));
      warm = { ...(await settled()), resident: gateway.residentBytes() };
      halves = openSlowHalves(port);
      await upTo(REQUESTS);
      console.log(`fuzz: ${JSON.stringify(tally.statuses)}, ${tally.served} of ${tally.good} good ones served`);
      expect(gateway.death()).toBeUndefined();
      if (tally.findings.length > 0) throw new Error(`${tally.findings.length} findings, FUZZ_SEED=${SEED}\n\n${reportOf(tally.findings, SEED, gateway.lines())}`);
      expect(tally.requests).toBeGreaterThanOrEqual(REQUESTS);
    });

    it('reaches what is behind the door: good requests are served', () => {
      expect(tally.good).toBeGreaterThan(REQUESTS / 5);
      expect(tally.served).toBeGreaterThan(tally.good * 0.8);
    });

    it('hangs up on requests that begin and never end', async () => {
      expect(await stillHeld(halves, HANG_UP_MS)).toEqual([]);
    });

    it('is as alive as before: health, a repeat of the first alert, a new one, closed labels in its metrics', async () => {
      expect(await ask('GET', '/health')).toMatchObject({ status: 200, body: { healthy: true } });
      expect(await ask('GET', '/ready')).toMatchObject({ status: 200, body: { components: { store: 'up', temporal: 'up' } } });
      expect(await ask('POST', '/alerts', goodAlert)).toMatchObject({ status: 200, body: { results: [{ outcome: 'duplicate' }] } });
      expect(await ask('POST', '/alerts', webhookOf(alertOf({ fingerprint: 'afterwards000000', labels: { deployment: 'afterwards', pod: '' } })))).toMatchObject({ status: 202, body: { results: [{ outcome: 'started' }] } });
      const { body: metrics } = await ask('GET', '/metrics');
      const severities = new Set([...String(metrics).matchAll(/severity="([^"]*)"/g)].map((m) => m[1]!));
      expect([...severities].filter((s) => !['critical', 'high', 'warning', 'info'].includes(s))).toEqual([]);
      expect(String(metrics).split('\n').length).toBeLessThan(10_000);
    });

    it('logged no error that nobody expected, and no secret', () => {
      expect(faultsInLog(gateway.lines())).toEqual([]);
    });

    it('gives back memory and sockets', async () => {
      const after = await settled();
      const resident = gateway.residentBytes();
      const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
      console.log(`fuzz: heap ${mib(warm.heapUsed)} → ${mib(after.heapUsed)}, resident ${mib(warm.resident)} → ${mib(resident)}`);
      expect(after.connections).toBe(0);
      // A timer or two more or less; nothing that grew with the requests.
      expect(Object.entries(after.resources).filter(([kind, count]) => count > (warm.resources[kind] ?? 0) + 5)).toEqual([]);
      expect(after.heapUsed).toBeLessThan(warm.heapUsed * 1.5 + 32 * MIB);
      // The database is in this process, and holds every signal that was taken.
      expect(resident).toBeLessThan(warm.resident * 1.5 + 256 * MIB);
    });
  });
}
