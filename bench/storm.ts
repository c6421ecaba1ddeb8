import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureServer } from '../sandbox/launch/servers.js';
import { startAlertManager } from '../sandbox/ticker/alertmanager.js';
import { rssMeter } from './processes.js';
import { startProduct, type ProductProcess } from './product-process.js';
import { openServers, TOKEN, type Servers } from './servers.js';
import { postToAlertManager, stormOf, type StormAlert } from './storm-alerts.js';
import { countStorm, rowsOf, runsOf, type Counts } from './storm-counts.js';
import { printStorm } from './storm-report.js';
import { createWorkloads, until } from './targets.js';
import { startRelay, type Relay } from './webhook-relay.js';

const USAGE = `usage: npm run bench -- storm [--alerts 10000] [--workloads 100] [--kills 5] [--profile <folder>]
  --alerts     different alerts, the same number for every workload; a twentieth of them resolves, a fifth is posted again
  --workloads  Deployments they are about
  --kills      how often the gateway is killed with SIGKILL and started again while it takes them
  --profile    writes a CPU profile of the gateway's last process to this folder`;

const REPLICAS = 4;
/** Longer than AlertManager's pause between two flushes of a group, which is where it would try again. */
const QUIET_MS = 6000;
const PATIENCE_MS = 900_000;
/** Longer than AlertManager's repeat_interval. */
const NO_MORE_MS = 90_000;

export interface StormOptions {
  alerts: number;
  workloads: number;
  kills: number;
  profile?: string;
  say?: (text: string) => void;
}

export interface StormResult extends Counts {
  options: StormOptions;
  posted: { firing: number; again: number; resolved: number; posts: number };
  /** Webhook requests by what became of them. */
  webhooks: Record<string, number>;
  /** Per kill: requests without an answer, and alerts in the store by then. */
  kills: { cut: number; rows: number; downSeconds: number }[];
  /** From the first post to the last row. */
  seconds: number;
  mostMib: number;
  isExact: boolean;
}

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { alerts: { type: 'string', default: '10000' }, workloads: { type: 'string', default: '100' }, kills: { type: 'string', default: '5' }, profile: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return void console.log(USAGE);
  const result = await runStorm({ alerts: Number(values.alerts), workloads: Number(values.workloads), kills: Number(values.kills), profile: values.profile, say: (text) => console.error(`… ${text}`) });
  printStorm(result);
  process.exitCode = result.isExact ? 0 : 1;
}

/** The whole storm on servers of its own. Throws when it does not come to an end; wrong counts are in the result. */
export async function runStorm(options: StormOptions): Promise<StormResult> {
  const servers = await openServers({ hasPostgres: true });
  const relay = await startRelay(Number(servers.env.WEBHOOK_PORT));
  const gateway = gatewayOf(servers, options.profile);
  let stopAlertManager = async (): Promise<void> => undefined;
  try {
    const workloads = await createWorkloads(servers.kube, options.workloads, REPLICAS);
    await gateway.start();
    const alertManager = await startAlertManager({ binary: (await ensureServer('alertmanager')).path, dataDir: servers.dataDir, webhookUrl: `${relay.url}/alerts`, token: TOKEN });
    stopAlertManager = () => alertManager.stop();
    const storm = await play({ servers, relay, gateway, url: alertManager.url }, stormOf(workloads, options.alerts), options);
    await alertManager.stop();
    const expected = { workloads: workloads.map((w) => `${w.namespace}/${w.name}`), alerts: storm.alerts, resolved: storm.resolved };
    const [documents] = await servers.postgres!.query<{ n: number }>('select count(*)::int as n from remediations');
    const counts = await countStorm(servers, expected, documents!.n);
    const { posted, kills, seconds } = storm;
    return { ...counts, options, posted, kills, seconds, webhooks: relay.counts(), mostMib: gateway.mostMib(), isExact: counts.wrong.length === 0 };
  } finally {
    await stopAlertManager();
    await gateway.stop();
    await relay.stop();
    await servers.close();
  }
}

interface Scene {
  servers: Servers;
  relay: Relay;
  gateway: ReturnType<typeof gatewayOf>;
  url: string;
}

/**
 * One wave more than there are kills. In each wave but the last the gateway is killed while it holds requests and part of the
 * wave is in the store. Between waves, some earlier alerts are posted again and some of those in the store resolve.
 */
async function play(scene: Scene, alerts: StormAlert[], { kills: wanted, say = () => undefined }: StormOptions) {
  const { servers, relay, url } = scene;
  const waves = wanted + 1;
  const size = Math.ceil(alerts.length / waves);
  const posted = { firing: 0, again: 0, resolved: 0, posts: 0 };
  const resolved: StormAlert[] = [];
  const kills: StormResult['kills'] = [];
  const from = performance.now();
  for (let wave = 0; wave < waves; wave++) {
    const fresh = alerts.slice(wave * size, (wave + 1) * size);
    const earlier = alerts.slice(0, wave * size);
    const over = await thoseToResolve(servers, earlier, resolved);
    resolved.push(...over);
    const again = earlier.filter((a, i) => i % 5 === wave % 5 && !resolved.includes(a));
    posted.posts += (await Promise.all([postToAlertManager(url, fresh, 'firing'), postToAlertManager(url, again, 'firing'), postToAlertManager(url, over, 'resolved')])).reduce((a, b) => a + b, 0);
    posted.firing += fresh.length;
    posted.again += again.length;
    posted.resolved += over.length;
    say(`wave ${wave + 1} of ${waves}: ${fresh.length} alerts, ${again.length} again, ${over.length} resolved`);
    if (wave < wanted) kills.push(await killDuring(scene, earlier.length + fresh.length / 3, say));
  }
  const all = alerts.length + resolved.length;
  await allOrNoMore(servers, all);
  const seconds = (performance.now() - from) / 1000;
  say(`${await rowCount(servers)} of ${all} are in the store after ${seconds.toFixed(0)} s; waiting until AlertManager is quiet`);
  await until('AlertManager has nothing more to say', async () => relay.inFlight() === 0 && Date.now() - relay.lastAt() > QUIET_MS, PATIENCE_MS);
  await until('every row names its remediation', async () => (await rowsOf(servers)).every((r) => r.remediation_id !== null), 60_000).catch(() => undefined);
  await settledRuns(servers);
  return { alerts, resolved, posted, kills, seconds };
}

/** What is lost never comes: then the counts shall say so. */
async function allOrNoMore(servers: Servers, all: number): Promise<void> {
  for (let rows = 0, changedAt = Date.now(); rows < all && Date.now() - changedAt < NO_MORE_MS; await sleep(100)) {
    const now = await rowCount(servers);
    if (now !== rows) changedAt = Date.now();
    rows = now;
  }
}

/** The visibility store follows the history by a moment. */
async function settledRuns({ client }: Servers): Promise<void> {
  for (let last = -1, same = 0; same < 5; await sleep(500)) {
    const { length } = await runsOf(client.client);
    same = length === last ? same + 1 : 0;
    last = length;
  }
}

const rowCount = async ({ postgres }: Servers): Promise<number> => (await postgres!.query<{ n: number }>('select count(*)::int as n from signals'))[0]!.n;

/** A twentieth of what is in the store, at most half of a workload: what AlertManager never said fires, it does not say is over either. */
async function thoseToResolve(servers: Servers, earlier: readonly StormAlert[], already: readonly StormAlert[]): Promise<StormAlert[]> {
  const known = new Set((await rowsOf(servers)).filter((r) => r.status === 'firing').map((r) => r.fingerprint));
  return earlier.filter((a, i) => i % 20 === 7 && known.has(a.fingerprint) && !already.includes(a));
}

async function killDuring({ servers, relay, gateway }: Scene, atRows: number, say: (text: string) => void): Promise<StormResult['kills'][number]> {
  await until(`${Math.round(atRows)} alerts are in the store`, async () => (await rowCount(servers)) >= atRows, PATIENCE_MS);
  await until('the gateway holds requests', async () => relay.inFlight() > 0, 20_000).catch(() => undefined);
  const [cut, from] = [relay.inFlight(), performance.now()];
  await gateway.kill();
  const rows = await rowCount(servers);
  await gateway.start();
  const downSeconds = (performance.now() - from) / 1000;
  say(`killed with ${cut} requests in flight and ${rows} rows in the store, back after ${downSeconds.toFixed(1)} s`);
  return { cut, rows, downSeconds };
}

/** `kubernaut gateway` from the build, again and again on the same port. */
function gatewayOf({ env }: Servers, profile: string | undefined) {
  let running: { process: ProductProcess; meter: { stop(): number } } | undefined;
  let mostMib = 0;
  const nodeFlags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const end = async (how: 'kill' | 'stop'): Promise<void> => {
    const ending = running;
    running = undefined;
    mostMib = Math.max(mostMib, ending?.meter.stop() ?? 0);
    await ending?.process[how]();
  };
  return {
    async start() {
      const process = await startProduct({ args: ['gateway'], ready: 'gateway is ready', env, nodeFlags });
      running = { process, meter: rssMeter(process.pid) };
    },
    kill: () => end('kill'),
    stop: () => end('stop'),
    mostMib: () => Math.max(mostMib, running?.meter.stop() ?? 0),
  };
}
