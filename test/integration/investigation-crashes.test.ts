import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import type { RemediateResult } from '../../src/domain/messages.js';
import { workflowIdOf } from '../../src/domain/target.js';
import type { InvestigatorAsked, InvestigatorSettings } from '../crash/protocol.js';
import { buildWorker, type WorkerProgram } from '../crash/worker-process.js';
import { completion } from '../support/bad-model-server.js';
import { container, deployment, evidenceOf, pod } from '../support/kube-objects.js';
import { signalOf } from '../support/scripted-activities.js';
import { startTestTemporal } from '../support/servers.js';

/** What the model says, turn by turn: three answers, three looks, two of them side by side. */
const SCRIPT = [
  { reasoning: 'first', proposals: [], ask: [{ tool: 'describe', target_id: 't1' }, { tool: 'logs', target_id: 't2', container: null, previous: null, contains: null, lines: null }] },
  { reasoning: 'second', proposals: [], ask: [{ tool: 'dependency_map', target_id: 't1' }] },
  { reasoning: 'third', proposals: [{ action: 'restart_pod', target_id: 't2', parameters: {}, confidence: 0.7, reason: 'as the log says' }], ask: null },
];
const CALLS = ['turn 1', 'describe', 'logs', 'turn 2', 'dependency_map', 'turn 3'];
/** Before the call; after it, when its answer was kept and Temporal did not hear of it yet. The next call's start is after it for good. */
const POINTS = ['starting', 'reporting'] as const;

interface Case {
  call: string;
  at: (typeof POINTS)[number];
  workflowId: string;
  evidence: ReturnType<typeof evidenceOf>;
  isThere: boolean;
  looks: string[];
}

const cases: Case[] = CALLS.flatMap((call, c) => POINTS.map((at, p) => {
  const { deployment: d, sets } = deployment(`api-${c}-${p}`, [{ podSpec: { containers: [container()] } }]);
  const evidence = evidenceOf(d, [sets, pod(sets[0]!, { waiting: { reason: 'CrashLoopBackOff' }, restarts: 3 })]);
  return { call, at, workflowId: workflowIdOf(evidence.target), evidence, isThere: false, looks: [] };
}));

/** Prompts that the model server got, by the workload that they are about. */
const asked = new Map<string, number[]>();
const server = createServer((request, reply) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { messages } = JSON.parse(Buffer.concat(chunks).toString()) as { messages: { content: string }[] };
    const text = messages.at(-1)!.content;
    const name = /"target":\{[^}]*"name":"(api-\d-\d)"/.exec(text)![1]!;
    const turn = text.match(/"turn":\d/g)?.length ?? 0;
    asked.set(name, [...(asked.get(name) ?? []), turn + 1]);
    reply.writeHead(200, { 'content-type': 'application/json' }).end(completion(JSON.stringify(SCRIPT[turn])));
  });
});

let dir: string;
let temporal: Awaited<ReturnType<typeof startTestTemporal>>;
let connection: Connection;
let program: WorkerProgram<InvestigatorSettings, InvestigatorAsked>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kubernaut-investigation-'));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  temporal = await startTestTemporal();
  connection = await Connection.connect({ address: temporal.address });
  program = await buildWorker<InvestigatorSettings, InvestigatorAsked>('investigator');
}, 180_000);

afterAll(async () => {
  program?.remove();
  await connection?.close();
  await temporal?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

const isAt = (one: Case, { call, at, workflowId }: InvestigatorAsked): boolean => one.workflowId === workflowId && one.call === call && one.at === at;
const noteLook = ({ at, call, workflowId }: InvestigatorAsked): void => {
  if (at === 'looking') cases.find((one) => one.workflowId === workflowId)?.looks.push(call);
};

async function until(what: string, isSo: () => boolean, withinMs: number): Promise<void> {
  for (const end = Date.now() + withinMs; !isSo(); await sleep(50)) if (Date.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
}

/** One worker process with all of these in it, each held at its own point, is killed; another one goes on with all of them. */
describe('a worker that is killed in the middle of an investigation', () => {
  const ends = new Map<Case, { result: RemediateResult; view: any }>();

  beforeAll(async () => {
    const settings: InvestigatorSettings = {
      temporal: { address: temporal.address, namespace: temporal.namespace }, artifacts: join(dir, 'artifacts'),
      model: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, evidence: Object.fromEntries(cases.map((one) => [one.workflowId, one.evidence])),
    };
    const held = new Promise<void>(() => undefined);
    const first = await program.start(settings, (question) => {
      noteLook(question);
      const one = cases.find((c) => isAt(c, question));
      if (one) one.isThere = true;
      return one ? held : Promise.resolve();
    });
    const client = new Client({ connection, namespace: temporal.namespace });
    const handles = await Promise.all(cases.map(async (one, i) => [one, await client.workflow.start('remediate', {
      workflowId: one.workflowId, taskQueue: 'kubernaut',
      args: [{ remediationId: `r-${String(i).padStart(10, '0')}`, target: one.evidence.target, first: signalOf(), horizons: [], isCoLocated: true, hasModel: true, channels: [], links: {} }],
    })] as const));
    await until('every remediation at its point', () => cases.every((one) => one.isThere), 60_000);
    await first.kill();
    const second = await program.start(settings, (question) => (noteLook(question), Promise.resolve()));
    for (const [one, handle] of handles) {
      const result = (await handle.result()) as RemediateResult;
      const doc = await handle.query<any>('status');
      ends.set(one, { result, view: doc.analysis.investigation });
    }
    await second.kill();
  }, 180_000);

  it.each(cases)('$at $call: the model is asked exactly three times, each look is made once, the end is the same', (one) => {
    const { result, view } = ends.get(one)!;
    expect(asked.get(one.evidence.target.name)).toEqual([1, 2, 3]);
    expect(one.looks).toEqual(['logs']);
    expect(result).toMatchObject({ outcome: 'notified', reason: 'restart_pod: as the log says' });
    expect(view).toMatchObject({ turns: 3, tools: 3, repeated: 0, tokens: 15, ended: 'answered' });
    expect(view.asked.map((a: { tool: string }) => a.tool)).toEqual(['describe', 'logs', 'dependency_map']);
  });
});
