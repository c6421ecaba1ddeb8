import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { ensureServer } from '../../scripts/servers.mjs';
import { startTemporal } from '../../temporal/dev-server.js';
import { buildGatewayProgram, type GatewayProcess, type GatewayProgram } from './gateway-process.js';
import { generatorOf, type GeneratorOptions } from './generators/requests.js';
import { faultsInLog, oracleOf } from './oracle.js';
import { emptyTally, fuzz, reportOf, type Tally } from './run.js';
import { settingsOf, type GatewaySettings } from './settings.js';

/** The same requests where something around the gateway differs: its rate limit holds, its Temporal is a real one. */
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 0x7fffffff));
const REQUESTS = 1200;

jest.setTimeout(5 * 60_000);

let program: GatewayProgram;
beforeAll(async () => {
  program = await buildGatewayProgram();
});
afterAll(() => program?.remove());

async function fuzzed(settings: Partial<GatewaySettings>, options: Partial<GeneratorOptions> = {}, also?: (gateway: GatewayProcess) => Promise<void>): Promise<Tally> {
  const gateway = await program.start(settingsOf(settings));
  try {
    const { port, openapi } = gateway.surface;
    const generator = generatorOf(gateway.surface, { seed: SEED, ...options });
    const tally = emptyTally();
    let index = 0;
    await fuzz({ port, oracle: oracleOf(openapi), tally, connections: 12, next: () => (index < REQUESTS && gateway.death() === undefined ? generator.request(index++) : undefined) });
    console.log(`fuzz: FUZZ_SEED=${SEED} ${JSON.stringify(tally.statuses)}`);
    expect(gateway.death()).toBeUndefined();
    if (tally.findings.length > 0) throw new Error(reportOf(tally.findings, SEED, gateway.lines()));
    expect(faultsInLog(gateway.lines())).toEqual([]);
    await also?.(gateway);
    return tally;
  } finally {
    await gateway.stop();
  }
}

it('a rate limit that holds is 429 with when to come back, and probes are answered all the same', async () => {
  const { statuses } = await fuzzed({ flags: { 'gateway.rateLimit.requests': 30, 'gateway.rateLimit.window': '1h' } }, {}, async (gateway) => {
    for (const path of ['/health', '/ready', '/metrics']) expect((await fetch(`http://127.0.0.1:${gateway.surface.port}${path}`)).status).toBe(200);
  });
  expect(statuses['429']).toBeGreaterThan(REQUESTS / 4);
});

it('a real Temporal takes whatever the door lets through', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-fuzz-'));
  const server = await startTemporal({ binary: (await ensureServer('temporal')).path, dataDir });
  try {
    // What asks a workflow would wait for workers that are not there.
    const tally = await fuzzed({ temporal: { address: server.address, namespace: server.namespace } }, { onlySignals: true });
    expect(tally.statuses['202']).toBeGreaterThan(REQUESTS / 10);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
