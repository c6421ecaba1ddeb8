import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import { kubeClientOf } from '../sandbox/simulator/kube-client.js';
import { connectTemporal } from '../src/adapters/temporal/index.js';
import type { Remediation } from '../src/contracts/remediation.js';
import { deployApps, deployFloorTarget, type App, type Apps } from './broken-apps.js';
import { startFloor, type Floor } from './floor.js';
import { startInstallation, type Installation } from './installation.js';
import { countOf, inFlight, percentile } from './samples.js';
import { dataOf, serveModel, soberAnswer } from './scenario-models.js';
import { senderTo } from './sender.js';

const USAGE = `usage: npm run bench -- decision [--rounds 5] [--at-once 20] [--with-model 20]
  --rounds      groups of --at-once signals that are sent at the same moment, without a model
  --with-model  remediations one at a time with a model that answers after two seconds; then --at-once of them together`;

const ENVIRONMENT = {
  KUBERNAUT_EFFECTIVENESS_HORIZONS: '200ms,400ms,600ms',
  KUBERNAUT_GATEWAY_RATE_LIMIT_REQUESTS: '1000000',
  KUBERNAUT_POLICY_STORM_REMEDIATIONS_PER_MINUTE: '1000000',
  KUBERNAUT_LOG_LEVEL: 'warn',
};
const MODEL_MS = 2000;
/** Read, diagnose, plan. */
const STAGES = 3;

interface Decided {
  outcome: string;
  /** POST /alerts sent → the plan noted by the workflow, ms. */
  toPlanMs: number;
  answeredMs: number;
  /** The activity that asks the model, from scheduled to completed, ms; undefined without a model. */
  analysisMs: number | undefined;
}

interface Parts {
  installation: Installation;
  client: Client;
  apps: Apps;
  floor: Floor;
}

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '5' }, 'at-once': { type: 'string', default: '20' }, 'with-model': { type: 'string', default: '20' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return void console.log(USAGE);
  const [rounds, width, alone] = [Number(values.rounds), Number(values['at-once']), Number(values['with-model'])];
  console.error(`… without a model: ${rounds} times ${width} at once, after one more to warm up`);
  const bare = await withInstallation({}, (rounds + 1) * width, (parts) => together(parts, rounds, width));
  console.error(`… with a model: ${alone} one at a time, then ${width} at once`);
  const model = await serveModel(sober, MODEL_MS);
  const env = { LLM_PROVIDER: 'openai', LLM_ENDPOINT: model.endpoint, LLM_MODEL: 'bench', LLM_TIMEOUT: '30s' };
  const asked = await withInstallation(env, 5 + alone + width, (parts) => asking(parts, alone, width)).finally(() => model.close());
  print(bare, asked, width);
}

function sober(prompt: string): string {
  const data = dataOf(prompt);
  return JSON.stringify(data ? soberAnswer(data) : {});
}

async function withInstallation<T>(env: Record<string, string>, count: number, work: (parts: Parts) => Promise<T>): Promise<T> {
  const installation = await startInstallation({ ...ENVIRONMENT, ...env });
  const kube = kubeClientOf(installation.run.kubernetes.kubeconfig!);
  const temporal = connectTemporal(installation.run.temporal);
  let floor: Floor | undefined;
  try {
    const apps = await deployApps(kube, count);
    floor = await startFloor(installation.run.temporal, temporal.client, kube, await deployFloorTarget(kube));
    await apps.break(apps.all);
    return await work({ installation, client: temporal.client, apps, floor });
  } finally {
    await floor?.stop();
    await temporal.close();
    kube.close();
    await installation.stop();
  }
}

/** Ours and the floor in turns, so that both meet the same machine. */
async function together(parts: Parts, rounds: number, width: number): Promise<{ decided: Decided[]; floorMs: number[] }> {
  const decided: Decided[] = [];
  const floorMs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const ours = await remediated(parts, parts.apps.all.slice(round * width, (round + 1) * width), width);
    const floor: number[] = [];
    await inFlight(width, ours.map((_, i) => `steps-${round}-${i}`), async (id) => floor.push(await parts.floor.steps(id, STAGES)));
    if (round === 0) continue;
    decided.push(...ours);
    floorMs.push(...floor);
  }
  return { decided, floorMs };
}

async function asking(parts: Parts, alone: number, width: number): Promise<{ alone: Decided[]; atOnce: Decided[] }> {
  const { all } = parts.apps;
  await remediated(parts, all.slice(0, 5), 5);
  return { alone: await remediated(parts, all.slice(5, 5 + alone), 1), atOnce: await remediated(parts, all.slice(5 + alone), width) };
}

async function remediated({ installation: { run }, client }: Parts, apps: readonly App[], width: number): Promise<Decided[]> {
  const sender = senderTo(run, client);
  const decided: Decided[] = [];
  await inFlight(width, apps, async (app) => {
    const { at, answeredMs } = await sender.send(app);
    const { id, outcome, decisions = [], workflow_id: workflowId } = await closed(app, run);
    const plan = decisions.find((d) => d.kind === 'plan');
    if (!plan) throw new Error(`remediation ${id} ended ${outcome} without a recorded decision`);
    decided.push({ outcome: outcome!, answeredMs, toPlanMs: Date.parse(plan.at) - at, analysisMs: await analysisMsOf(client, workflowId) });
  });
  return decided;
}

/** A signal that is taken before Temporal has it is answered without the workflow: it is found by what it is about. */
async function closed({ namespace, name }: App, { gateway, token }: Installation['run']): Promise<Remediation> {
  for (;;) {
    const response = await fetch(`${gateway}/api/v1/remediations/${name}?namespace=${namespace}`, { headers: { authorization: `Bearer ${token}` } });
    const remediation = (await response.json()) as Remediation;
    if (response.ok && remediation.phase === 'closed') return remediation;
    await sleep(500);
  }
}

async function analysisMsOf(client: Client, workflowId: string): Promise<number | undefined> {
  const { events = [] } = await client.workflow.getHandle(workflowId).fetchHistory();
  const asked = events?.find((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === 'analyze');
  const answered = asked && events?.find((e) => String(e.activityTaskCompletedEventAttributes?.scheduledEventId) === String(asked.eventId));
  return asked && answered ? msOf(answered.eventTime!) - msOf(asked.eventTime!) : undefined;
}

const msOf = ({ seconds, nanos }: { seconds?: unknown; nanos?: number | null }): number => Number(String(seconds)) * 1000 + (nanos ?? 0) / 1e6;

function print(bare: { decided: Decided[]; floorMs: number[] }, asked: { alone: Decided[]; atOnce: Decided[] }, width: number): void {
  const added = (all: readonly Decided[]): number[] => all.flatMap((d) => (d.analysisMs === undefined ? [] : [d.analysisMs - MODEL_MS]));
  const toPlan = bare.decided.map((d) => d.toPlanMs);
  console.log([
    `decision bench, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, Node ${process.version}, load average ${loadavg()[2]!.toFixed(1)}`,
    '',
    `Without a model, ${width} at once (${toPlan.length})`.padEnd(56) + '     p50      p95   ms',
    row('POST /alerts → plan noted', toPlan),
    row(`floor: start → ${STAGES} empty local activities`, bare.floorMs),
    row('POST /alerts answered', bare.decided.map((d) => d.answeredMs)),
    `  ratio at p50: ${(percentile(toPlan, 0.5) / percentile(bare.floorMs, 0.5)).toFixed(2)}×; outcomes: ${outcomesOf(bare.decided)}`,
    '',
    `With a model that answers after ${MODEL_MS} ms`,
    row(`added to it, one at a time (${asked.alone.length})`, added(asked.alone)),
    row(`added to it, ${width} at once (${asked.atOnce.length})`, added(asked.atOnce)),
    row('POST /alerts → plan noted, one at a time', asked.alone.map((d) => d.toPlanMs)),
    row(`POST /alerts → plan noted, ${width} at once`, asked.atOnce.map((d) => d.toPlanMs)),
    `  outcomes: ${outcomesOf([...asked.alone, ...asked.atOnce])}`,
  ].join('\n'));
}

const outcomesOf = (all: readonly Decided[]): string => Object.entries(countOf(all.map((d) => d.outcome))).map(([name, n]) => `${name} ${n}`).join(', ');

const row = (name: string, values: readonly number[]): string => `  ${name.padEnd(50)}${[0.5, 0.95].map((share) => percentile(values, share).toFixed(0).padStart(9)).join('')}`;
