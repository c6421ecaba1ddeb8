import type { Client } from '@temporalio/client';
import type { Problem } from '../src/domain/evidence.js';
import { WORKFLOW_TYPE } from '../src/domain/messages.js';
import type { RemediationMemo } from '../src/adapters/temporal/index.js';
import { countOf } from './samples.js';
import type { Servers } from './servers.js';
import type { StormAlert } from './storm-alerts.js';
import { problemsTold } from './told-problems.js';

const CLUSTER = 'kubernaut-sandbox';
const MOST_SHOWN = 10;

export interface Expected {
  workloads: readonly string[];
  alerts: readonly StormAlert[];
  resolved: readonly StormAlert[];
}

export interface StormRow {
  fingerprint: string;
  status: string;
  outcome: string;
  workflow_id: string | null;
  remediation_id: string | null;
}

export interface Counts {
  /** Rows of the store by `status outcome`. */
  rows: Record<string, number>;
  /** Runs of the workflow type that Temporal lists. */
  runs: number;
  workflowIds: number;
  /** Over all remediations, as they say themselves. */
  problems: number;
  resolvedProblems: number;
  /** Documents in the store before any worker ran: what the gateway wrote itself. */
  documents: number;
  /** Everything that is not as it must be; empty when exact. */
  wrong: string[];
}

export const workflowIdFor = (workload: string): string => `remediation/${CLUSTER}/${workload.replace('/', '/Deployment/')}`;

export const rowsOf = ({ postgres }: Servers): Promise<StormRow[]> =>
  postgres!.query<StormRow>('select fingerprint, status, outcome, workflow_id, remediation_id from signals');

interface Run {
  workflowId: string;
  remediationId?: string;
}

export async function runsOf(client: Client): Promise<Run[]> {
  const runs: Run[] = [];
  for await (const run of client.workflow.list({ query: `WorkflowType = '${WORKFLOW_TYPE}'` })) {
    runs.push({ workflowId: run.workflowId, remediationId: (run.memo as Partial<RemediationMemo> | undefined)?.remediationId });
  }
  return runs;
}

/** Compares what is there with what must be: store, Temporal's list, and each remediation's own account of its problems. */
export async function countStorm(servers: Servers, expected: Expected, documents: number): Promise<Counts> {
  const [rows, runs] = [await rowsOf(servers), await runsOf(servers.client.client)];
  const wrong = [...wrongRuns(runs, expected), ...wrongRows(rows, runs, expected)];
  const told = await problemsTold(servers.temporal, expected.workloads.map(workflowIdFor));
  for (const workload of expected.workloads) wrong.push(...wrongProblems(workload, told.get(workflowIdFor(workload)), expected));
  const problems = [...told.values()].flat();
  return {
    rows: countOf(rows.map((r) => `${r.status} ${r.outcome}`)),
    runs: runs.length, workflowIds: new Set(runs.map((r) => r.workflowId)).size,
    problems: problems.length, resolvedProblems: problems.filter((p) => p.status === 'resolved').length, documents, wrong,
  };
}

function wrongRuns(runs: readonly Run[], { workloads }: Expected): string[] {
  const wanted = new Set(workloads.map(workflowIdFor));
  const counts = countOf(runs.map((r) => r.workflowId));
  return [
    ...[...wanted].filter((id) => counts[id] === undefined).map((id) => `lost: ${id} was never started`),
    ...Object.entries(counts).flatMap(([id, n]) => (n > 1 ? [`doubled: ${id} has ${n} runs`] : [])),
    ...Object.keys(counts).filter((id) => !wanted.has(id)).map((id) => `not asked for: ${id}`),
  ];
}

function wrongRows(rows: readonly StormRow[], runs: readonly Run[], { alerts, resolved }: Expected): string[] {
  const remediations = new Map(runs.map((r) => [r.workflowId, r.remediationId]));
  const found = new Map(rows.map((r) => [`${r.status} ${r.fingerprint}`, r]));
  const wrong: string[] = rows.length === alerts.length + resolved.length ? [] : [`${rows.length} rows instead of ${alerts.length + resolved.length}`];
  for (const [status, some] of [['firing', alerts], ['resolved', resolved]] as const) {
    for (const { fingerprint, workload } of some) {
      const row = found.get(`${status} ${fingerprint}`);
      const id = workflowIdFor(workload);
      if (!row) wrong.push(`lost: no row says that ${fingerprint} of ${workload} is ${status}`);
      else if (row.workflow_id !== id || row.remediation_id !== remediations.get(id)) wrong.push(`the ${status} row of ${fingerprint} (${row.outcome}) names ${row.remediation_id} of ${row.workflow_id}, not ${remediations.get(id)} of ${id}`);
    }
  }
  return wrong;
}

function wrongProblems(workload: string, problems: readonly Problem[] | undefined, { alerts, resolved }: Expected): string[] {
  if (!problems) return [`the remediation of ${workload} says nothing`];
  const over = new Set(resolved.map((a) => a.fingerprint));
  const mine = alerts.filter((a) => a.workload === workload);
  const said = new Map(problems.map((p) => [p.fingerprint, p.status]));
  return [
    ...(problems.length === mine.length ? [] : [`the remediation of ${workload} has ${problems.length} problems instead of ${mine.length}`]),
    ...mine.flatMap(({ fingerprint }) => {
      const wanted = over.has(fingerprint) ? 'resolved' : 'firing';
      return said.get(fingerprint) === wanted ? [] : [`the remediation of ${workload} says ${fingerprint} is ${said.get(fingerprint) ?? 'unknown'}, not ${wanted}`];
    }),
  ];
}

export const firstOf = (wrong: readonly string[]): string[] => [...wrong.slice(0, MOST_SHOWN), ...(wrong.length > MOST_SHOWN ? [`and ${wrong.length - MOST_SHOWN} more`] : [])];
