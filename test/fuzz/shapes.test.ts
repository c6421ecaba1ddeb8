import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { buildGatewayProgram, type GatewayProcess, type GatewayProgram } from './gateway-process.js';
import { bodiesOf, changedBody, credentialsFor } from './generators/bodies.js';
import { editedJson } from './generators/json.js';
import { endpointsOf } from './generators/targets.js';
import { oracleOf } from './oracle.js';
import { randomOf } from './random.js';
import { bytesOf, escaped, type FuzzRequest } from './request.js';
import { API_TOKENS, settingsOf } from './settings.js';
import { openLine } from './wire.js';

/**
 * Recorded bodies of every source and valid bodies of every other route, with any JSON anywhere in them. What fails is made
 * small by fast-check, which prints the seed and the path that lead to it: FUZZ_SEED=… for the same again.
 */
const RUNS = Math.max(100, Math.floor(Number(process.env.FUZZ_REQUESTS ?? 20_000) / 150));
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 0x7fffffff));
const ANSWER_MS = 40_000;

jest.setTimeout(10 * 60_000);

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

const HOSTILE = fc.constantFrom<unknown>('', '\0', '\ud800', 'constructor', '__proto__', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '9'.repeat(400), 'x'.repeat(20_000), -1, 1e308, 2 ** 53, null, [], {}, [[[]]]);
const edits = fc.array(fc.record({ place: fc.nat(200), value: fc.oneof(HOSTILE, fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 })) }), { minLength: 1, maxLength: 3 });

/** Throws with the bytes when the answer is not one that may be given. */
async function requireSound(request: FuzzRequest): Promise<void> {
  const line = openLine(gateway.surface.port);
  try {
    line.write(request.bytes);
    const response = await line.next(request.method, ANSWER_MS);
    const faults = response ? oracleOf(gateway.surface.openapi).faultsOf(request, response) : ['the connection was closed without an answer'];
    if (faults.length > 0) throw new Error(`${faults.join('; ')}\n${escaped(request.bytes)}`);
  } finally {
    line.destroy();
  }
}

const sent = (route: string, target: string, headers: [string, string][], { bytes, type }: { bytes: Buffer; type: string }): FuzzRequest => ({
  about: `POST ${target}`, method: 'POST', wire: 'piped', route,
  bytes: bytesOf({ method: 'POST', target, headers: [['Host', '127.0.0.1'], ['Content-Type', type], ['Content-Length', String(bytes.length)], ...headers], body: bytes }),
});

it(`signals of every source in any shape are answered as documented (seed ${SEED})`, async () => {
  for (const source of gateway.surface.sources) {
    const bases = bodiesOf(source);
    const route = `/api/v1/signals/{source}${source.includes('/') ? '/{name}' : ''}`;
    await fc.assert(fc.asyncProperty(fc.nat(bases.length - 1), edits, async (which, changes) => {
      const body = changedBody(source, bases[which], (content) => editedJson(content, changes));
      await requireSound(sent(route, `/api/v1/signals/${source}`, credentialsFor(source, body.bytes, randomOf(SEED)), body));
    }), { numRuns: RUNS, seed: SEED });
  }
});

it(`bodies of every other route in any shape are answered as documented (seed ${SEED})`, async () => {
  const taking = endpointsOf(gateway.surface).filter((e) => e.method === 'POST' && e.operation?.requestBody);
  expect(taking.length).toBeGreaterThan(0);
  for (const { route } of taking) {
    const target = route.replace(/\{\w+\}/g, gateway.surface.known.ids[5]!);
    await fc.assert(fc.asyncProperty(edits, async (changes) => {
      const bytes = Buffer.from(JSON.stringify(editedJson({ by: 'ana', reason: 'x', plan: 'abcdef0123', cluster: 'prod', namespace: 'shop', action: 'drain_node', until: '2h' }, changes)));
      await requireSound(sent(route, target, [['Authorization', `Bearer ${API_TOKENS[0]!}`]], { bytes, type: 'application/json' }));
    }), { numRuns: RUNS, seed: SEED });
  }
});
