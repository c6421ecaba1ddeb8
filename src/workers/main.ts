import { DefaultLogger, NativeConnection, Runtime, Worker, type LogEntry } from '@temporalio/worker';
import { dataConverterOf, tlsOf, type TemporalSettings } from '../adapters/temporal/index.js';
import type { Logger } from '../adapters/telemetry/logger.js';
import { TASK_QUEUES, type Role } from '../domain/task-queues.js';
import { KubernautError } from '../domain/errors.js';
import { workflowBundle } from './bundle.js';
import { registerSearchAttributes } from './register-search-attributes.js';
import { activitiesOf, type ActivityTables } from './roles.js';

export interface WorkersOptions {
  temporal: TemporalSettings;
  roles: readonly Role[];
  activities: ActivityTables;
  limits: { actions: number; workflows: number };
  logger: Logger;
}

export interface RunningWorkers {
  /** Rejects when a worker dies of an error it cannot survive. */
  readonly finished: Promise<void>;
  /** Stops polling, lets running activities finish within their grace, closes the connection. */
  stop(): Promise<void>;
}

/** Long enough for a write and its report; the default of 0 would cancel them at once. */
const SHUTDOWN_GRACE = '20s';

/** One Temporal worker per role, all in this process. */
export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  installLogger(options.logger);
  if (options.roles.includes('workflows')) await registerSearchAttributes(options.temporal, options.logger);
  const connection = await connect(options.temporal);
  try {
    const workers: Worker[] = [];
    for (const role of options.roles) {
      const activities = activitiesOf(role, options.activities);
      if (role === 'workflows' || Object.keys(activities).length > 0) workers.push(await createWorker(role, activities, connection, options));
    }
    const finished = Promise.all(workers.map((w) => w.run())).then(() => undefined);
    finished.catch(() => undefined); // whoever awaits `finished` or `stop` hears of it
    return {
      finished,
      async stop() {
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
        await finished.finally(() => connection.close());
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function createWorker(role: Role, activities: Record<string, unknown>, connection: NativeConnection, options: WorkersOptions): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: options.temporal.namespace,
    taskQueue: TASK_QUEUES[role],
    activities,
    dataConverter: dataConverterOf(options.temporal),
    shutdownGraceTime: SHUTDOWN_GRACE,
    // The brakes count actions that write; undoing, reading and asking for a slot need room beside them.
    ...(role === 'actions' ? { maxConcurrentActivityTaskExecutions: Math.max(100, 2 * options.limits.actions) } : {}),
    ...(role === 'workflows'
      ? { workflowBundle: await workflowBundle(), maxCachedWorkflows: 500, maxConcurrentLocalActivityExecutions: options.limits.workflows }
      : {}),
  });
}

async function connect(temporal: TemporalSettings): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({ address: temporal.address, tls: tlsOf(temporal), ...(temporal.apiKey ? { apiKey: temporal.apiKey } : {}) });
  } catch (error) {
    throw new KubernautError('TemporalUnavailable', `Temporal at ${temporal.address} is out of reach; check the address and that it runs`, error);
  }
}

/** A worker for activities alone is what most roles are; the SDK says so as a warning, without a code, once per queue. */
const EXPECTED = 'No workflows registered, not polling for workflow tasks';

let isInstalled = false;

/** Temporal's runtime is one per process and takes its logger once. */
function installLogger(logger: Logger): void {
  if (isInstalled) return;
  isInstalled = true;
  const write = ({ level, message, meta }: LogEntry): void => {
    if (message === EXPECTED) return;
    const at = level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
    logger[at]({ ...meta }, message);
  };
  Runtime.install({ logger: new DefaultLogger('WARN', write), telemetryOptions: { logging: { forward: {}, filter: 'WARN' } }, shutdownSignals: [] });
}
