import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { RemediateInput } from '../../src/domain/messages.js';
import { SEARCH_ATTRIBUTES } from '../../src/domain/search-attributes.js';
import { TASK_QUEUES } from '../../src/domain/task-queues.js';
import { workflowIdOf } from '../../src/domain/target.js';
import { ensureServer } from '../../sandbox/launch/servers.js';
import { SEARCH_ATTRIBUTE_LIST } from '../../temporal/search-attributes.js';
import { signalOf, target } from './scripted-activities.js';
import { timeSkippingServer } from './time-skipping-server.js';

const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
const historiesDir = fileURLToPath(new URL('../replay/histories/', import.meta.url));

/** `temporal.api.enums.v1.IndexedValueType` */
const INDEXED_TYPE = { KEYWORD: 2, DOUBLE: 4, BOOL: 5 } as const;

let installed = false;
export function quiet(): void {
  if (installed) return;
  installed = true;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}

let bundle: Promise<WorkflowBundle> | undefined;
export const workflowBundle = (): Promise<WorkflowBundle> =>
  (bundle ??= bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }));

export async function timeSkipping(): Promise<TestWorkflowEnvironment> {
  quiet();
  const env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path: await timeSkippingServer() } } });
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED_TYPE[type]])),
  });
  return env;
}

/** A real development server of its own. */
export async function devServer(...flags: string[]): Promise<TestWorkflowEnvironment> {
  quiet();
  const { path } = await ensureServer('temporal');
  const extraArgs = [...flags, ...SEARCH_ATTRIBUTE_LIST.flatMap(({ name, type }) => ['--search-attribute', `${name}=${type}`])];
  return TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'existing-path', path }, extraArgs } });
}

type Table = Record<string, (input: never) => Promise<unknown>>;

const NAMES = ['enrich', 'diagnose', 'analyze', 'inspect', 'makePlan', 'holdOf', 'assess', 'record', 'recordExpiry', 'notify', 'scale_deployment', 'rollback_deployment', 'restart_pod', 'notify_only'];

export interface Workers {
  /** Activities of one workflow id; tests run side by side on the same workers. */
  serve(workflowId: string, activities: object): void;
  stop(): Promise<void>;
}

/** One worker per task queue; every activity goes to the script of its own workflow. */
export async function startWorkers(env: TestWorkflowEnvironment): Promise<Workers> {
  const scripts = new Map<string, Table>();
  const delegate = (name: string) => async (input: never) => {
    const { workflowId } = Context.current().info.workflowExecution!;
    // an expiry is served by the script of the remediation it belongs to
    const own = workflowId.replace(/\/r-[0-9a-f]+\/\d+\/expiry$/, '');
    return scripts.get(own)![name]!(input);
  };
  const activities = Object.fromEntries(NAMES.map((name) => [name, delegate(name)]));
  const code = await workflowBundle();
  const workers: Worker[] = [];
  for (const taskQueue of Object.values(TASK_QUEUES)) {
    workers.push(await Worker.create({
      connection: env.nativeConnection, namespace: env.namespace ?? 'default', taskQueue, activities,
      ...(taskQueue === TASK_QUEUES.workflows ? { workflowBundle: code } : {}),
    }));
  }
  const running = Promise.all(workers.map((w) => w.run()));
  return {
    serve: (workflowId, table) => void scripts.set(workflowId, table as Table),
    async stop() {
      for (const w of workers) w.shutdown();
      await running;
    },
  };
}

let counter = 0;
export function inputOf(more: Partial<RemediateInput> = {}): { input: RemediateInput; workflowId: string } {
  const name = `api-${++counter}`;
  const own = { ...target, name };
  return {
    workflowId: workflowIdOf(own),
    input: {
      remediationId: `r-${String(counter).padStart(10, '0')}`,
      target: own,
      first: signalOf(),
      horizons: [
        { name: '30s', afterMs: 30_000 },
        { name: '2m', afterMs: 120_000 },
        { name: '30m', afterMs: 1_800_000 },
      ],
      isCoLocated: true,
      hasModel: false,
      channels: ['log'],
      links: {},
      ...more,
    },
  };
}

export async function phasesOf(handle: WorkflowHandle): Promise<string[]> {
  const doc = await handle.query<{ timeline: { phase: string }[] }>('status');
  return doc.timeline.map((t) => t.phase).filter((p, i, all) => p !== all[i - 1]);
}

/** Stack traces name folders of whoever recorded; a replay does not read them. */
const withoutPaths = (key: string, value: unknown): unknown => (key === 'stackTrace' ? '' : value);

/** `RECORD_HISTORIES=1 npm run test:workflow` refreshes what test/replay replays; do it on purpose, with the reason in the commit. */
export async function recordHistory(handle: WorkflowHandle, name: string): Promise<number> {
  const history = await handle.fetchHistory();
  // one that waits for a month says nothing that one of a night does not
  if (process.env.RECORD_HISTORIES && name !== 'unrecorded') {
    await mkdir(historiesDir, { recursive: true });
    await writeFile(`${historiesDir}${name}.json`, `${JSON.stringify(JSON.parse(historyToJSON(history), withoutPaths))}\n`);
  }
  return history.events?.length ?? 0;
}
