import { percentile, rangeOf } from './samples.js';

/** Of one at a time; all times in ms. */
export interface Latency {
  /** POST /alerts sent → the API server received the write. */
  toWriteMs: number[];
  /** The same of a bare workflow: six no-op activities on a queue, one PATCH. */
  floorQueuedMs: number[];
  /** The same with local activities. */
  floorLocalMs: number[];
  answeredMs: number[];
  bareStartMs: number[];
  outcomes: Record<string, number>;
  historyEvents: number[];
  requestsPerRemediation: Record<string, number>;
}

export interface Load {
  width: number;
  count: number;
  seconds: number;
  /** POSTs that were answered with 503 and sent again. */
  refusals: number;
  steadyPerSecond: number;
  /** Bare workflows (local steps) per second at the same width. */
  barePerSecond: number;
  toWriteMs: number[];
  answeredMs: number[];
  outcomes: Record<string, number>;
  requestsPerRemediation: Record<string, number>;
  /** Cores used, by process; `others` = the rest of the machine. */
  cores: Record<string, number>;
  mostMib: number;
}

export interface Report {
  cores: number;
  /** Over the last 15 minutes, at the end: says whether the machine was ours. */
  loadAverage: number;
  horizons: string;
  idleMib: number;
  latency: Latency;
  load: Load;
  /** Resident MiB of idle processes; absent when left out. */
  split?: { gateway: number; worker: number };
}

export function print(report: Report): void {
  const { latency, load } = report;
  const lines = [
    `remediation bench, ${new Date().toISOString().slice(0, 10)}, ${report.cores} cores, Node ${process.version}, horizons ${report.horizons}, load average ${report.loadAverage.toFixed(1)}`,
    '',
    `One at a time (${latency.toWriteMs.length})                    p50      p95      p99   ms`,
    row('POST /alerts → applied write', latency.toWriteMs),
    row('floor: 6 activities + PATCH', latency.floorQueuedMs),
    row('floor: 6 local activities + PATCH', latency.floorLocalMs),
    row('POST /alerts answered', latency.answeredMs),
    row('bare signal-with-start', latency.bareStartMs),
    `  ratio at p50: ${ratio(latency.toWriteMs, latency.floorQueuedMs)} of the floor, ${ratio(latency.toWriteMs, latency.floorLocalMs)} of the local floor; gateway overhead ${(percentile(latency.answeredMs, 0.5) - percentile(latency.bareStartMs, 0.5)).toFixed(1)} ms at p50, ${(percentile(latency.answeredMs, 0.95) - percentile(latency.bareStartMs, 0.95)).toFixed(1)} ms at p95`,
    `  outcomes: ${countsOf(latency.outcomes)}`,
    `  history events per remediation: ${rangeOf(latency.historyEvents)}`,
    ...requestLines(latency.requestsPerRemediation),
    '',
    `${load.width} in flight (${load.count})`,
    `  complete remediations per second: ${load.steadyPerSecond.toFixed(1)} steady, ${(load.count / load.seconds).toFixed(1)} with ramp and drain; bare workflows: ${load.barePerSecond.toFixed(1)}`,
    row('POST /alerts → applied write', load.toWriteMs),
    row('POST /alerts answered', load.answeredMs),
    `  outcomes: ${countsOf(load.outcomes)}; POSTs told to come again: ${load.refusals}`,
    ...requestLines(load.requestsPerRemediation),
    `  share of the ${report.cores} cores: ${Object.entries(load.cores).map(([name, cores]) => `${name} ${Math.round((cores / report.cores) * 100)} %`).join(', ')}`,
    `  CPU per remediation, ms: ${Object.entries(load.cores).filter(([name]) => name !== 'others').map(([name, cores]) => `${name} ${Math.round((cores * load.seconds * 1000) / load.count)}`).join(', ')}`,
    '',
    `Resident memory, MiB: platform process idle ${report.idleMib.toFixed(0)}, most under load ${load.mostMib.toFixed(0)}`,
    ...(report.split ? [`  in processes of their own, idle: gateway ${report.split.gateway.toFixed(0)}, worker ${report.split.worker.toFixed(0)}, together ${(report.split.gateway + report.split.worker).toFixed(0)}`] : []),
  ];
  console.log(lines.join('\n'));
}

const row = (name: string, values: readonly number[]): string =>
  `  ${name.padEnd(36)}${[0.5, 0.95, 0.99].map((share) => percentile(values, share).toFixed(1).padStart(9)).join('')}`;

const ratio = (a: readonly number[], b: readonly number[]): string => `${(percentile(a, 0.5) / percentile(b, 0.5)).toFixed(2)}×`;

const countsOf = (counts: Record<string, number>): string => Object.entries(counts).map(([name, n]) => `${name} ${n}`).join(', ');

function requestLines(perRemediation: Record<string, number>): string[] {
  const all = Object.values(perRemediation).reduce((sum, n) => sum + n, 0);
  return [`  Kubernetes API requests per remediation: ${all.toFixed(2)} (${Object.entries(perRemediation).map(([kind, n]) => `${kind} ${n.toFixed(2)}`).join(', ')})`];
}
