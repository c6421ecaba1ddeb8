import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { kubeClientOf } from '../sandbox/simulator/kube-client.js';
import { connectTemporal } from '../src/adapters/temporal/index.js';
import { auditSince, isDryRun, receivedAtMs, type AuditEntry } from './audit.js';
import { deployApps, deployFloorTarget, type App } from './broken-apps.js';
import { FLOOR_MARK, startFloor, type Floor } from './floor.js';
import { idleSplit } from './idle-split.js';
import { startInstallation } from './installation.js';
import { cpuMeter, rssMeter, rssMibOf } from './processes.js';
import { print, type Latency, type Load } from './report.js';
import { inFlight } from './samples.js';
import { senderTo, type Done, type Sender } from './sender.js';

const USAGE = `usage: npm run bench -- remediation [--one-by-one 60] [--load 400] [--in-flight 64] [--no-split]
  --one-by-one  remediations measured one at a time
  --load        remediations measured with --in-flight at a time
  --no-split    leaves out the idle gateway and worker processes (they need PostgreSQL)
Everything the configuration takes from the environment is passed on: KUBERNAUT_ACTIONS_MAX_CONCURRENT=64 npm run bench -- remediation`;

const WARM_UP = 15;

/** Complete remediations need their horizons to pass; the rest is what a user gets. */
const ENVIRONMENT = {
  KUBERNAUT_EFFECTIVENESS_HORIZONS: '200ms,400ms,600ms',
  // One sender stands for many; what is measured is not the limiter.
  KUBERNAUT_GATEWAY_RATE_LIMIT_REQUESTS: '1000000',
  // Nor is storm mode: hundreds of remediations a minute are the point here.
  KUBERNAUT_POLICY_STORM_REMEDIATIONS_PER_MINUTE: '1000000',
  KUBERNAUT_LOG_LEVEL: 'warn',
};

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      'one-by-one': { type: 'string', default: '60' }, load: { type: 'string', default: '400' }, 'in-flight': { type: 'string', default: '64' },
      'no-split': { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void console.log(USAGE);
  const [alone, load, width] = [Number(values['one-by-one']), Number(values.load), Number(values['in-flight'])];
  const installation = await startInstallation(ENVIRONMENT);
  const kube = kubeClientOf(installation.run.kubernetes.kubeconfig!);
  const temporal = connectTemporal(installation.run.temporal);
  let floor: Floor | undefined;
  try {
    const { run } = installation;
    await sleep(5000);
    const idleMib = rssMibOf(run.pids.worker!);
    say(`deploying ${WARM_UP + alone + load} applications`);
    const apps = await deployApps(kube, WARM_UP + alone + load);
    floor = await startFloor(run.temporal, temporal.client, kube, await deployFloorTarget(kube));
    const parts = { ...installation, client: temporal.client, sender: senderTo(run, temporal.client), floor };

    const early = apps.all.slice(0, WARM_UP + alone);
    await apps.break(early);
    await warmUp(parts, early.slice(0, WARM_UP));
    say(`one at a time: ${alone} remediations, ${alone} bare workflows of each kind`);
    const latency = await oneByOne(parts, early.slice(WARM_UP));

    const late = apps.all.slice(WARM_UP + alone);
    await apps.break(late);
    await sleep(10_000); // the crash loops of that many pods need a while to slow down
    say(`${width} in flight: ${load} remediations`);
    const underLoad = await atWidth(parts, late, width);
    const split = values['no-split'] ? undefined : await idleSplit(run);
    print({ cores: cpus().length, loadAverage: loadavg()[2]!, horizons: ENVIRONMENT.KUBERNAUT_EFFECTIVENESS_HORIZONS, idleMib, latency, load: underLoad, split });
  } finally {
    await floor?.stop();
    await temporal.close();
    kube.close();
    await installation.stop();
  }
}

interface Parts {
  run: Awaited<ReturnType<typeof startInstallation>>['run'];
  client: Client;
  sender: Sender;
  floor: Floor;
}

const say = (text: string): void => console.error(`… ${text}`);

/** Just-in-time compilers, connection pools and workflow caches are not what is measured. */
async function warmUp({ sender, floor }: Parts, apps: readonly App[]): Promise<void> {
  for (const [i, app] of apps.entries()) {
    await sender.remediate(app);
    await floor.run(`warm-queued-${i}`, false);
    await floor.run(`warm-local-${i}`, true);
    await floor.start(`warm-start-${i}`);
  }
}

const isOurs = (e: AuditEntry): boolean => e.userAgent?.startsWith('kubernaut/') === true && e.verb !== 'watch';
const isWrite = (e: AuditEntry): boolean => isOurs(e) && e.verb === 'patch' && e.objectRef?.resource === 'deployments' && !isDryRun(e);
const keyOf = ({ namespace, name }: { namespace?: string; name?: string }): string => `${namespace}/${name}`;

/** Remediation, bare workflow, bare workflow with local steps, bare start: in turn, so that all meet the same machine. */
async function oneByOne({ run, client, sender, floor }: Parts, apps: readonly App[]): Promise<Latency> {
  const since = Date.now();
  const done: Done[] = [];
  const floors = { queued: new Map<string, number>(), local: new Map<string, number>() };
  const startMs: number[] = [];
  for (const [i, app] of apps.entries()) {
    done.push(await sender.remediate(app));
    floors.queued.set(`bare-queued-${i}`, await floor.run(`bare-queued-${i}`, false));
    floors.local.set(`bare-local-${i}`, await floor.run(`bare-local-${i}`, true));
    startMs.push(await floor.start(`bare-start-${i}`));
  }
  const entries = await auditSince(run.kubernetes.auditLog!, since, (e) => isOurs(e) || markOf(e) !== undefined);
  const writes = new Map(entries.filter(isWrite).map((e) => [keyOf(e.objectRef!), receivedAtMs(e)]));
  const marks = new Map(entries.flatMap((e) => (markOf(e) === undefined ? [] : [[markOf(e)!, receivedAtMs(e)] as const])));
  const toMark = (asked: Map<string, number>): number[] => [...asked].map(([id, at]) => marks.get(id)! - at);
  return {
    toWriteMs: done.flatMap((d) => (writes.has(keyOf(d.app)) ? [writes.get(keyOf(d.app))! - d.at] : [])),
    floorQueuedMs: toMark(floors.queued),
    floorLocalMs: toMark(floors.local),
    answeredMs: done.map((d) => d.answeredMs),
    bareStartMs: startMs,
    outcomes: countOf(done.map((d) => d.outcome)),
    historyEvents: await Promise.all(done.map(async (d) => (await client.workflow.getHandle(d.workflowId).describe()).historyLength)),
    requestsPerRemediation: perRemediation(entries.filter(isOurs), done.length),
  };
}

const markOf = (e: AuditEntry): string | undefined => e.requestObject?.metadata?.annotations?.[FLOOR_MARK];

async function atWidth({ run, sender, floor }: Parts, apps: readonly App[], width: number): Promise<Load> {
  const { gateway: platform, up, ...others } = run.pids;
  const cores = cpuMeter({ platform: platform!, ...withoutWorker(others), up: up!, bench: process.pid });
  const memory = rssMeter(platform!);
  const since = Date.now();
  const done: Done[] = [];
  await inFlight(width, apps, async (app) => done.push(await sender.remediate(app)));
  const seconds = (Date.now() - since) / 1000;
  const used = cores();
  const mostMib = memory.stop();
  const entries = await auditSince(run.kubernetes.auditLog!, since, isOurs);
  const writes = new Map(entries.filter(isWrite).map((e) => [keyOf(e.objectRef!), receivedAtMs(e)]));
  const bareFrom = performance.now();
  await inFlight(width, apps.map((_, i) => `load-local-${i}`), (id) => floor.run(id, true));
  return {
    width, count: done.length, seconds,
    refusals: done.reduce((sum, d) => sum + d.refusals, 0),
    steadyPerSecond: steadyRate(done.map((d) => d.closedAt), width),
    barePerSecond: (apps.length * 1000) / (performance.now() - bareFrom),
    toWriteMs: done.flatMap((d) => (writes.has(keyOf(d.app)) ? [writes.get(keyOf(d.app))! - d.at] : [])),
    answeredMs: done.map((d) => d.answeredMs),
    outcomes: countOf(done.map((d) => d.outcome)),
    requestsPerRemediation: perRemediation(entries, done.length),
    cores: used, mostMib,
  };
}

/** The platform is both `gateway` and `worker` in run.json. */
const withoutWorker = ({ worker: _worker, ...rest }: Record<string, number>): Record<string, number> => rest;

/** Without the ramp at the start and the drain at the end: between the first and the last `width` that closed. */
function steadyRate(closedAt: number[], width: number): number {
  const sorted = closedAt.sort((a, b) => a - b).slice(width, -width);
  return ((sorted.length - 1) * 1000) / (sorted.at(-1)! - sorted[0]!);
}

const countOf = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((n) => n === name).length]));

function perRemediation(entries: readonly AuditEntry[], count: number): Record<string, number> {
  const kinds = entries.map((e) => `${isDryRun(e) ? 'dry-run ' : ''}${e.verb} ${e.objectRef?.resource ?? e.requestURI}${e.objectRef?.subresource ? `/${e.objectRef.subresource}` : ''}`);
  return Object.fromEntries(Object.entries(countOf(kinds)).map(([kind, n]) => [kind, n / count]));
}
