import { cpus, loadavg } from 'node:os';
import type { Answers } from './alert-posts.js';
import { percentile } from './samples.js';

export interface Shape {
  name: string;
  posts: number;
  perPost: number;
}

/** One contender's turn in one round. */
export interface Lap extends Answers {
  contender: 'gateway' | 'start' | 'signalWithStart';
  shape: string;
  count: number;
  /** Until Temporal had all of them. */
  seconds: number;
  /** Until the last answer: less where signals are kept elsewhere and handed over behind the answer. */
  answeredSeconds: number;
  /** Per signal, by process. */
  cpuMs: Record<string, number>;
  /** That Temporal's frontend counted, by operation. */
  temporalRequests: Record<string, number>;
  /** Transactions of the database; NaN where they are not counted. */
  statements: number;
}

export interface Duplicates extends Answers {
  count: number;
  seconds: number;
  /** Of the gateway, per signal. */
  cpuMs: number;
  statements: number;
  temporalRequests: Record<string, number>;
  /** In the audit log, watches left out. */
  kubernetesRequests: Record<string, number>;
}

export interface IngestReport {
  database: 'embedded' | 'postgres';
  rounds: number;
  shapes: Shape[];
  laps: Lap[];
  duplicates: Duplicates;
  memory: { idleMib: number; mostMib: number; afterMib: number; watchedPods: number };
}

const NAMES = { gateway: 'POST /alerts, answered', start: 'bare `client.workflow.start`', signalWithStart: 'bare signal-with-start' } as const;

const FLOOR = `The floor: a loop over Temporal's client in the sender's process, as many requests in flight as alerts are outstanding on our side, on one connection
to the same server, and nothing else. \`start\` carries the same input of the same workflow type under an id of its own, without signal, search attributes, memo
and texts. Signal-with-start is what the gateway sends where something is open; here it always starts. Inputs are made before the clock runs. No worker polls on either side:
Temporal's part is to store a run and its first task. Contenders take turns, another one first in every round, each when Temporal is quiet again. Every alert
is about another pod that exists in the API server; the gateway finds it in its watch cache, judges the shipped filter rules, and stores signal and remediation.
The share compares the time until Temporal has every run, whenever the answer was given; least and most of one round in brackets.`;

export function printIngest({ database, rounds, shapes, laps, duplicates, memory }: IngestReport): void {
  const lines = [
    `ingest bench, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, Node ${process.version}, ${database === 'embedded' ? 'embedded database' : 'PostgreSQL (fsync on)'}, ${rounds} rounds, load average ${loadavg()[2]!.toFixed(1)}`,
    '', FLOOR, '',
    ...shapes.flatMap((shape) => [...tableOf(shape, laps.filter((l) => l.shape === shape.name)), '']),
    ...duplicateLines(duplicates), '',
    `Resident memory of the gateway process, ${memory.watchedPods} pods in its watch cache: ${memory.idleMib.toFixed(0)} MiB idle, ${memory.mostMib.toFixed(0)} MiB at most, ${memory.afterMib.toFixed(0)} MiB ten seconds after.`,
  ];
  console.log(lines.join('\n'));
}

function tableOf(shape: Shape, laps: readonly Lap[]): string[] {
  const of = (contender: Lap['contender']): Lap[] => laps.filter((l) => l.contender === contender);
  const ours = of('gateway');
  const row = (contender: Lap['contender']): string => {
    const mine = of(contender);
    const share = contender === 'gateway' ? '' : shareOf(ours, mine);
    const times = [0.5, 0.95, 0.99].map((p) => percentile(mine.flatMap((l) => l.ms), p).toFixed(0));
    return `${NAMES[contender]} | ${times.join(' | ')} | ${(total(mine) / mine.reduce((sum, l) => sum + l.answeredSeconds, 0)).toFixed(0)} | ${rateOf(mine).toFixed(0)} | ${share}`;
  };
  return [
    `${shape.name} | p50 ms | p95 ms | p99 ms | answered/s | in Temporal/s | our share`,
    '--- | --- | --- | --- | --- | --- | ---',
    ...(['gateway', 'start', 'signalWithStart'] as const).map(row),
    '',
    `- outcomes ${countsOf(sumOf(ours.map((l) => l.outcomes)))}; told to come again: ${countsOf(sumOf(ours.map((l) => l.refusals)))}`,
    `- CPU ms per signal: ours ${cpuOf(ours)}; bare start ${cpuOf(of('start'))}; bare signal-with-start ${cpuOf(of('signalWithStart'))}`,
    `- requests that Temporal's frontend counted for ours: ${countsOf(sumOf(ours.map((l) => l.temporalRequests)))}`,
    ...(Number.isNaN(ours[0]?.statements) ? [] : [`- database transactions per signal: ${(ours.reduce((sum, l) => sum + l.statements, 0) / total(ours)).toFixed(2)}`]),
  ];
}

function duplicateLines({ count, seconds, ms, outcomes, refusals, cpuMs, statements, temporalRequests, kubernetesRequests }: Duplicates): string[] {
  const times = [0.5, 0.95, 0.99].map((p) => percentile(ms, p).toFixed(0)).join(' / ');
  return [
    `The last ${count} alerts once more: ${(count / seconds).toFixed(0)} per second, answered in ${times} ms (p50 / p95 / p99 of a post), outcomes ${countsOf(outcomes)}, told to come again: ${countsOf(refusals)}`,
    `- requests that Temporal's frontend counted: ${countsOf(temporalRequests)}; Kubernetes requests in the audit log: ${countsOf(kubernetesRequests)}`,
    `- CPU ms of the gateway per signal: ${cpuMs.toFixed(2)}${Number.isNaN(statements) ? '' : `; database transactions per signal: ${(statements / count).toFixed(2)}`}`,
  ];
}

const total = (laps: readonly Lap[]): number => laps.reduce((sum, l) => sum + l.count, 0);
const rateOf = (laps: readonly Lap[]): number => total(laps) / laps.reduce((sum, l) => sum + l.seconds, 0);

/** Over all rounds, and the least and most of one round. */
function shareOf(ours: readonly Lap[], bare: readonly Lap[]): string {
  const each = ours.map((lap, i) => rateOf([lap]) / rateOf([bare[i]!]));
  return `${(rateOf(ours) / rateOf(bare)).toFixed(2)} (${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)})`;
}

function cpuOf(laps: readonly Lap[]): string {
  const names = Object.keys(laps[0]?.cpuMs ?? {});
  const mean = (name: string): number => laps.reduce((sum, l) => sum + l.cpuMs[name]! * l.count, 0) / total(laps);
  return names.map((name) => `${name} ${mean(name).toFixed(1)}`).join(', ');
}

const sumOf = (counts: readonly Record<string, number>[]): Record<string, number> => {
  const sum: Record<string, number> = {};
  for (const one of counts) for (const [name, n] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + n;
  return sum;
};

export const countsOf = (counts: Record<string, number>): string => Object.entries(counts).map(([name, n]) => `${name} ${n}`).join(', ') || 'none';
