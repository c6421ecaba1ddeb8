import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { auditSince } from './audit.js';
import { alertOf, postAll, type Alert, type Answers } from './alert-posts.js';
import { bareLoop, inputsOf, type BareKind } from './bare-starts.js';
import { printIngest, type Duplicates, type Lap, type Shape } from './ingest-report.js';
import { cpuMeter, cpuSecondsOf, rssMeter, rssMibOf } from './processes.js';
import { builtScript, startProduct, type ProductProcess } from './product-process.js';
import { openServers, type Servers } from './servers.js';
import { countOf } from './samples.js';
import { createPods, until, type NamedPod } from './targets.js';

const USAGE = `usage: npm run bench -- ingest [--rounds 3] [--posts 1000] [--alerts 3000] [--per-post 100] [--database embedded|postgres] [--profile <folder>]
  --posts     posts of one alert each, all in flight at once, every alert about another pod
  --alerts    alerts in posts of --per-post, as AlertManager sends a storm, all posts in flight at once
  --database  where the gateway keeps its signals: the embedded database (default), or a PostgreSQL server with fsync on
  --profile   writes a CPU profile of the gateway process to this folder`;

const WARM_UP = 200;
const PODS_PER_NAMESPACE = 1000;
/** Temporal goes on working after it answered: the next one must not pay for that. */
const QUIET_CORES = 0.2;
const QUIET_PATIENCE_MS = 30_000;
const ASKED_EVERY_S = 0.25;
const CLUSTER = 'kubernaut-sandbox';

/** One sender stands for many; what is measured is not the limiter. */
const ENVIRONMENT = { KUBERNAUT_GATEWAY_RATE_LIMIT_REQUESTS: '1000000' };

export type Database = 'embedded' | 'postgres';

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' }, posts: { type: 'string', default: '1000' }, alerts: { type: 'string', default: '3000' }, 'per-post': { type: 'string', default: '100' },
      database: { type: 'string', default: 'embedded' }, profile: { type: 'string' }, help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void console.log(USAGE);
  const database = values.database === 'postgres' ? 'postgres' : 'embedded';
  const shapes: Shape[] = [
    { name: `${values.posts} posts of one alert`, posts: Number(values.posts), perPost: 1 },
    { name: `${values.alerts} alerts in posts of ${values['per-post']}`, posts: Math.ceil(Number(values.alerts) / Number(values['per-post'])), perPost: Number(values['per-post']) },
  ];
  const servers = await openServers({ hasPostgres: database === 'postgres' });
  try {
    await measure(servers, { rounds: Number(values.rounds), shapes, database, ...(values.profile === undefined ? {} : { profile: values.profile }) });
  } finally {
    await servers.close();
  }
}

interface Plan {
  rounds: number;
  shapes: Shape[];
  database: Database;
  profile?: string;
}

async function measure(servers: Servers, { rounds, shapes, database, profile }: Plan): Promise<void> {
  const perRound = shapes.reduce((sum, s) => sum + s.posts * s.perPost, 0);
  const pods = Array.from({ length: WARM_UP + rounds * perRound }, (_, i): NamedPod => ({ namespace: `ingest-${Math.floor(i / PODS_PER_NAMESPACE)}`, pod: `app-${i}` }));
  say(`creating ${pods.length} pods`);
  await createPods(servers.kube, pods);
  const gateway = await startGateway(servers, database, profile);
  try {
    const bench = benchOf(servers, gateway);
    await sleep(5000);
    const idleMib = rssMibOf(gateway.pid);
    const peak = rssMeter(gateway.pid);
    say('warming up');
    await bench.warmUp(pods.splice(0, WARM_UP));
    const laps: Lap[] = [];
    let last: Alert[][] = [];
    for (let round = 0; round < rounds; round++) {
      for (const shape of shapes) {
        last = groupsOf(pods.splice(0, shape.posts * shape.perPost), shape.perPost);
        laps.push(...(await bench.round(shape, round, last)));
      }
    }
    say('the last alerts once more');
    const duplicates = await bench.duplicates(last);
    const mostMib = peak.stop();
    await sleep(10_000);
    printIngest({ database, rounds, shapes, laps, duplicates, memory: { idleMib, mostMib, afterMib: rssMibOf(gateway.pid), watchedPods: WARM_UP + rounds * perRound } });
  } finally {
    await gateway.stop();
  }
}

function startGateway({ env }: Servers, database: Database, profile: string | undefined): Promise<ProductProcess> {
  const nodeFlags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const embedded = database === 'embedded' ? { script: builtScript('embedded-gateway.js') } : {};
  return startProduct({ args: ['gateway'], ready: 'gateway is ready', env: { ...env, ...ENVIRONMENT }, nodeFlags, ...embedded });
}

const say = (text: string): void => console.error(`… ${text}`);

const groupsOf = (pods: readonly NamedPod[], size: number): Alert[][] =>
  Array.from({ length: Math.ceil(pods.length / size) }, (_, i) => pods.slice(i * size, (i + 1) * size).map(alertOf));

type Contender = 'gateway' | BareKind;

function benchOf(servers: Servers, gateway: ProductProcess) {
  const { client } = servers.client;
  const url = `http://127.0.0.1:${servers.env.WEBHOOK_PORT}`;
  const pids = { gateway: gateway.pid, Temporal: servers.temporal.pids.server, 'API server': servers.plane.pids.apiserver, sender: process.pid };

  async function lap(contender: Contender, shape: Shape, round: number, groups: Alert[][]): Promise<Lap> {
    const count = shape.posts * shape.perPost;
    const names = Array.from({ length: count }, (_, i) => `${contender.toLowerCase()}-${shape.perPost}-${round}-${i}`);
    const inputs = contender === 'gateway' ? [] : inputsOf(names, CLUSTER);
    await quiet(servers.temporal.pids.server);
    const [before, requests] = [contender === 'gateway' ? await statementsOf(servers) : Number.NaN, await servers.temporalRequests()];
    const cpu = cpuMeter(pids);
    const from = performance.now();
    const answers = contender === 'gateway' ? await postAll(url, groups) : bareAnswers(await bareLoop(client, contender, inputs, count));
    const answeredSeconds = (performance.now() - from) / 1000;
    await until('Temporal has all of them', async () => started(added(requests, await servers.temporalRequests())) >= count);
    // Asked several times a second: what was there with the last answer shall not pay for that.
    const isBehind = (performance.now() - from) / 1000 > answeredSeconds + ASKED_EVERY_S;
    const seconds = isBehind ? (performance.now() - from) / 1000 : answeredSeconds;
    const cpuMs = Object.fromEntries(Object.entries(cpu()).map(([name, cores]) => [name, (cores * seconds * 1000) / count]));
    say(`round ${round + 1}, ${shape.name}: ${contender} ${(count / seconds).toFixed(0)} per second in Temporal, ${(count / answeredSeconds).toFixed(0)} answered`);
    const temporalRequests = added(requests, await servers.temporalRequests());
    return { contender, shape: shape.name, count, seconds, answeredSeconds, ...answers, cpuMs, temporalRequests, statements: contender === 'gateway' ? (await statementsOf(servers)) - before : Number.NaN };
  }

  return {
    async warmUp(pods: NamedPod[]): Promise<void> {
      const names = pods.map((p) => p.pod);
      await postAll(url, groupsOf(pods, 1));
      for (const kind of ['start', 'signalWithStart'] as const) await bareLoop(client, kind, inputsOf(names.map((n) => `${kind.toLowerCase()}-${n}`), CLUSTER), names.length);
    },
    /** Each contender once, another one first in every round: whatever the machine does meanwhile meets all of them. */
    async round(shape: Shape, round: number, groups: Alert[][]): Promise<Lap[]> {
      const contenders: Contender[] = ['gateway', 'start', 'signalWithStart'];
      const order = contenders.map((_, i) => contenders[(i + round) % contenders.length]!);
      const laps: Lap[] = [];
      for (const contender of order) laps.push(await lap(contender, shape, round, groups));
      return laps;
    },
    async duplicates(groups: Alert[][]): Promise<Duplicates> {
      await quiet(servers.temporal.pids.server);
      const since = Date.now();
      const [temporal, statements] = [await servers.temporalRequests(), await statementsOf(servers)];
      const cpuBefore = cpuSecondsOf(gateway.pid);
      const from = performance.now();
      const answers = await postAll(url, groups);
      const seconds = (performance.now() - from) / 1000;
      await sleep(2000); // the audit log is written in batches, and the metrics of Temporal are counted behind the answer
      const temporalRequests = added(temporal, await servers.temporalRequests());
      const requests = await auditSince(servers.plane.auditLog, since, (e) => e.userAgent?.startsWith('kubernaut/') === true && e.verb !== 'watch');
      const count = groups.flat().length;
      return {
        ...answers, count, seconds, statements: (await statementsOf(servers)) - statements,
        cpuMs: ((cpuSecondsOf(gateway.pid) - cpuBefore) * 1000) / count,
        temporalRequests,
        kubernetesRequests: countOf(requests.map((e) => `${e.verb} ${e.objectRef?.resource ?? e.requestURI}`)),
      };
    },
  };
}

const added = (before: Record<string, number>, after: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(after).map(([name, n]) => [name, n - (before[name] ?? 0)] as const).filter(([, n]) => n > 0));

const started = ({ SignalWithStartWorkflowExecution: signalled = 0, StartWorkflowExecution: plain = 0 }: Record<string, number>): number => signalled + plain;

const bareAnswers = (ms: number[]): Answers => ({ ms, outcomes: {}, refusals: {} });

/** Transactions of the gateway's database so far; a single statement is one. NaN with the embedded one, which does not count. */
async function statementsOf({ postgres }: Servers): Promise<number> {
  if (!postgres) return Number.NaN;
  await sleep(11_000); // an idle backend tells its counts every ten seconds
  const [row] = await postgres.query<{ n: string }>("select xact_commit + xact_rollback as n from pg_stat_database where datname = current_database()");
  return Number(row!.n);
}

async function quiet(pid: number): Promise<void> {
  for (const endMs = Date.now() + QUIET_PATIENCE_MS; Date.now() < endMs; ) {
    const before = cpuSecondsOf(pid);
    await sleep(1000);
    if (cpuSecondsOf(pid) - before < QUIET_CORES) return;
  }
}
