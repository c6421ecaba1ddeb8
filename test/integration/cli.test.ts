import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { ensureServer } from '../../scripts/servers.mjs';
import { openDatabase, type Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import { connectTemporal, createTemporalGateway, type TemporalConnection } from '../../src/adapters/temporal/index.js';
import { writeRunFile } from '../../src/cli/run-file.js';
import type { Remediation } from '../../src/contracts/remediation.js';
import type { Store } from '../../src/domain/ports.js';
import { startWorkers, type RunningWorkers } from '../../src/workers/main.js';
import { startTemporal, type TemporalServer } from '../../temporal/dev-server.js';
import { kubernaut as run, type Ran } from '../support/cli.js';
import { gatewayDeps, talkTo, TOKEN } from '../support/gateway.js';
import { remediationFor } from '../support/remediations.js';
import { planAnswer, scriptedActivities, stepOf } from '../support/scripted-activities.js';

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-cli-'));
const dataDir = join(folder, 'data');
let server: TemporalServer;
let connection: TemporalConnection;
let database: Database;
let store: Store;
let workers: RunningWorkers;
let talk: Awaited<ReturnType<typeof talkTo>>;

const kubernaut = (...args: string[]): Promise<Ran> => run('--data-dir', dataDir, ...args);
const json = async <T>(...args: string[]): Promise<T> => JSON.parse((await kubernaut(...args, '-o', 'json')).out) as T;

function alertFile(name: string, more: object = {}): string {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ labels: { alertname: 'KubePodCrashLooping', severity: 'critical', namespace: 'shop', deployment: name }, ...more }));
  return file;
}

async function startWaiting(name: string): Promise<string> {
  const { results } = await json<{ results: { remediation_id: string }[] }>('send', '-f', alertFile(name));
  const id = results[0]!.remediation_id;
  for (let i = 0; i < 200; i++, await sleep(50)) if ((await json<Remediation>('show', id)).phase === 'awaiting_approval') return id;
  throw new Error(`${id} does not wait for a decision`);
}

async function runWorkers(): Promise<RunningWorkers> {
  const script = scriptedActivities({ plans: [planAnswer(stepOf('scale_deployment'), { verdict: { decision: 'ask', findings: [{ check: 'autonomy', reason: 'NeedsApproval', message: 'a person decides', severity: 'ask' }] } })] });
  const { enrich, diagnose, analyze, makePlan, assess, notify, ...actions } = script.activities as any;
  return startWorkers({
    temporal: { address: server.address, namespace: server.namespace },
    roles: ['workflows', 'actions'],
    activities: { stages: { enrich, diagnose, analyze, makePlan, assess, notify, record: async ({ remediation }: any) => store.saveRemediation(remediation) }, actions },
    limits: { actions: 5, workflows: 5 },
    logger: createLogger({ level: 'silent', format: 'json' }),
  });
}

beforeAll(async () => {
  const { path: binary } = await ensureServer('temporal');
  [server, database] = await Promise.all([startTemporal({ binary, dataDir: folder }), openDatabase({ kind: 'pglite', dataDir: 'memory://' })]);
  store = createStore(database);
  connection = connectTemporal({ address: server.address, namespace: server.namespace });
  talk = await talkTo(gatewayDeps({ store, temporal: createTemporalGateway(connection) }));
  workers = await runWorkers();
  mkdirSync(dataDir, { recursive: true });
  writeRunFile(dataDir, {
    gateway: talk.gateway.url, token: TOKEN, temporal: { address: server.address, namespace: server.namespace }, kubernetes: { sandbox: false },
    database: { kind: 'pglite' }, pids: { up: process.pid }, startedAt: new Date().toISOString(),
  });
});

afterAll(async () => {
  await workers?.stop();
  await talk?.gateway.close();
  await connection?.close();
  await database?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('one remediation from alert to proof, by the command line alone', () => {
  it('is sent, shown, refused for another plan, approved, watched to its end and listed', async () => {
    const id = await startWaiting('checkout');
    const waiting = await kubernaut('show', id);
    expect(waiting.out).toContain('NeedsApproval');
    const hash = /kubernaut approve \S+ --plan (\w+)/.exec(waiting.out)![1]!;

    const wrong = await kubernaut('approve', id, '--plan', '123456');
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining(hash.slice(0, 10))]);
    const right = await kubernaut('approve', 'deployment/checkout', '-n', 'shop', '--plan', hash, '--by', 'ana', '--reason', 'go');
    expect([right.code, right.out]).toEqual([0, expect.stringContaining(`${id} approved`)]);

    const watched = await kubernaut('watch', id, '--timeout', '60s');
    expect([watched.code, watched.err]).toEqual([0, '']);
    expect(watched.out).toMatch(/\d\d:\d\d:\d\d\.\d{3} {2}executing/);
    expect(watched.out.trimEnd().split('\n').at(-1)).toContain(`${id} closed: fixed`);

    const listed = await kubernaut('list', '--outcome', 'fixed', '-o', 'wide');
    expect(listed.out).toMatch(new RegExp(`ID +TARGET +PHASE +OUTCOME +ACTION +SEVERITY +AGE +CLUSTER +WORKFLOW +REASON\n${id} +deployment shop/checkout +closed +fixed +scale_deployment +critical`));
    expect((await kubernaut('list', '--target', 'deployment/checkout', '-o', 'name')).out).toBe(`${id}\n`);
    expect(parse((await kubernaut('show', id.slice(0, 6), '-o', 'yaml')).out)).toMatchObject({ id, approval: { by: 'ana', reason: 'go' } });

    const [problem] = (JSON.parse((await kubernaut('show', id, '-o', 'json')).out) as { problems: { fingerprint: string }[] }).problems;
    expect((await kubernaut('why-not', problem!.fingerprint)).out).toMatch(new RegExp(`firing +started +${id} +fixed`));
    expect((await kubernaut('logs', id)).out).toContain('approved by ana: go');

    const late = await kubernaut('undo', id);
    expect([late.code, late.err]).toEqual([1, expect.stringContaining(`remediation ${id} is closed`)]);
  });

  it('ends watching with 1 when a person rejected the plan, and says why', async () => {
    const id = await startWaiting('rejected');
    expect((await kubernaut('reject', id, '--by', 'bo', '--reason', 'release in progress')).code).toBe(0);
    const watched = await kubernaut('watch', id, '--timeout', '60s');
    expect([watched.code, watched.err]).toEqual([1, expect.stringContaining('release in progress')]);
  });

  it('ends watching with 4 when the time is up', async () => {
    const id = await startWaiting('patient');
    const watched = await kubernaut('watch', id, '--timeout', '1s');
    expect([watched.code, watched.err]).toEqual([4, expect.stringContaining('it goes on by itself')]);
    expect((await kubernaut('cancel', id, '--by', 'bo')).code).toBe(0);
  });
});

describe('lists', () => {
  it('follow the cursors up to the limit', async () => {
    for (let i = 0; i < 7; i++) {
      const target = { ...remediationFor('x').target, namespace: 'paging', name: `w${i}` };
      await store.saveRemediation(remediationFor(`r-aaaaaaaa${i}0`, { target, workflow_id: `remediation/prod/paging/Deployment/w${i}`, started_at: `2025-01-31T08:00:0${i}.000Z` }));
    }
    const some = await kubernaut('list', '-n', 'paging', '--limit', '5');
    expect(some.out.trimEnd().split('\n')).toHaveLength(6);
    expect(some.err).toContain('there are more');
    expect((await kubernaut('list', '-n', 'paging', '-o', 'name')).out.trimEnd().split('\n')).toHaveLength(7);
  });

  it('name the candidates of a prefix that is not unique, and say nothing found on standard error', async () => {
    const many = await kubernaut('show', 'r-aaaaaaaa');
    expect([many.code, many.err]).toEqual([1, expect.stringContaining('r-aaaaaaaa00')]);
    expect(await kubernaut('list', '-n', 'nowhere')).toEqual({ code: 0, out: '', err: 'nothing found\n' });
    expect((await kubernaut('show', 'r-ffffffffff')).code).toBe(1);
  });
});

describe('the door', () => {
  it('tells what became of each alert', async () => {
    const sent = await kubernaut('send', '-f', alertFile('stranger', { labels: { alertname: 'NoObject', severity: 'info' } }));
    expect([sent.code, sent.out]).toEqual([0, expect.stringMatching(/suppressed .*its labels name no Kubernetes object/)]);
    const foreign = await kubernaut('send', '-f', alertFile('foreign', { labels: { alertname: 'A', cluster: 'elsewhere', deployment: 'x', namespace: 'shop' } }));
    expect([foreign.code, foreign.err]).toEqual([1, expect.stringContaining('cluster elsewhere is not served here')]);
  });

  it('confirms a connection test that can do nothing', async () => {
    const tested = await kubernaut('connect', 'alertmanager', '--test');
    expect([tested.code, tested.out]).toEqual([0, expect.stringContaining('took the test event')]);
    expect(tested.out).toContain('suppressed');
  });

  it('prints a receiver that names this gateway and no token', async () => {
    const { out, err } = await kubernaut('connect', 'alertmanager');
    const config = parse(out) as any;
    expect(config.receivers[0].webhook_configs[0]).toMatchObject({ url: `${talk.gateway.url}/alerts`, send_resolved: true, http_config: { authorization: { type: 'Bearer' } } });
    expect(config.route.routes[0]).toMatchObject({ receiver: 'kubernaut', continue: true });
    expect(out + err).not.toContain(TOKEN);
    expect((await kubernaut('connect', 'token')).out).toBe(`${TOKEN}\n`);
  });

  it('refuses a wrong token, and gives our own token to no other gateway', async () => {
    expect((await kubernaut('list', '--token', 'wrong')).code).toBe(1);
    const elsewhere = talk.gateway.url.replace('127.0.0.1', 'localhost');
    expect((await run('--data-dir', dataDir, '--gateway', elsewhere, 'list')).code).toBe(1);
    expect((await run('--data-dir', dataDir, '--gateway', talk.gateway.url, 'list')).code).toBe(0);
  });
});

describe('the kill switch', () => {
  it('is set, listed and lifted for exactly one scope', async () => {
    const paused = await kubernaut('pause', '--scope', 'namespace=shop,action=restart_pod', '--reason', 'freeze', '--until', '2h', '--by', 'ana');
    expect([paused.code, paused.out]).toEqual([0, expect.stringContaining('kubernaut resume --namespace shop --action restart_pod')]);
    expect((await kubernaut('pauses')).out).toMatch(/of restart_pod in namespace shop +ana +\S+ +freeze/);
    const wrong = await kubernaut('resume', '--namespace', 'shop');
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('there is no pause of namespace shop')]);
    expect((await kubernaut('resume', '--namespace', 'shop', '--action', 'restart_pod')).code).toBe(0);
    expect((await kubernaut('pauses')).err).toBe('nothing found\n');
  });
});

interface Checks {
  checks: { check: string; state: string; detail: string; next?: string }[];
}

describe('doctor', () => {
  const stateOf = ({ checks }: Checks, check: string): string | undefined => checks.find((c) => c.check === check)?.state;

  it('looks at what runs, and calls a missing model normal', async () => {
    const found = await kubernaut('doctor', '-o', 'json');
    const checks = JSON.parse(found.out) as Checks;
    expect(found.code).toBe(0);
    expect(['gateway', 'gateway ready', 'temporal', 'temporal namespace', 'search attributes', 'database', 'embeddings', 'channel log'].map((c) => [c, stateOf(checks, c)])).toEqual(
      ['gateway', 'gateway ready', 'temporal', 'temporal namespace', 'search attributes', 'database', 'embeddings', 'channel log'].map((c) => [c, 'ok']),
    );
    expect(checks.checks.find((c) => c.check === 'model')).toEqual({ check: 'model', state: 'off', detail: 'no model configured: the deterministic analyzers decide alone' });
  });

  it('adds missing search attributes when it is asked to', async () => {
    const bare = await Connection.connect({ address: server.address });
    await bare.workflowService.registerNamespace({ namespace: 'bare', workflowExecutionRetentionPeriod: { seconds: 86_400 as never } });
    await bare.close();
    const other = join(folder, 'bare');
    mkdirSync(other);
    writeFileSync(join(other, 'kubernaut.yaml'), `temporal: { address: "${server.address}", namespace: bare }\n`);
    const doctor = async (...args: string[]) => run('--data-dir', other, 'doctor', ...args);
    let before = await doctor();
    // a new namespace reaches the server's cache within seconds
    for (let i = 0; i < 100 && !before.out.includes('missing: KubernautPhase'); i++, await sleep(200)) before = await doctor();
    expect([before.code, before.out]).toEqual([1, expect.stringContaining('kubernaut doctor --fix')]);
    expect((await doctor('--fix')).out).toContain('added KubernautPhase');
    let after = await doctor();
    for (let i = 0; i < 100 && after.code !== 0; i++, await sleep(200)) after = await doctor();
    expect(after.code).toBe(0);
  });

  it('ends with 3 when Temporal is out of reach, and with 1 for wrong keys, each in a row', async () => {
    const other = join(folder, 'broken');
    mkdirSync(other);
    writeFileSync(join(other, 'kubernaut.yaml'), 'temporal: { address: "127.0.0.1:1" }\n');
    expect((await run('--data-dir', other, 'doctor')).code).toBe(3);
    writeFileSync(join(other, 'kubernaut.yaml'), 'gateway: { port: many }\npolicy: { autonomy: wild }\n');
    const wrong = await run('--data-dir', other, 'doctor');
    expect([wrong.code, wrong.out]).toEqual([1, expect.stringMatching(/gateway\.port[^]*policy\.autonomy/)]);
  });
});
