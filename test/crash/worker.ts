import { readFileSync } from 'node:fs';
import { Context } from '@temporalio/activity';
import { actions } from '../../src/actions/index.js';
import { guard } from '../../src/activities/boundary.js';
import type { PlanAnswer, StageActivities } from '../../src/activities/contract.js';
import { createExecute, type ExecuteInput } from '../../src/activities/execute.js';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import type { Observation } from '../../src/domain/effectiveness.js';
import type { Cluster } from '../../src/domain/ports.js';
import { ROLES } from '../../src/domain/task-queues.js';
import { workflowIdOf } from '../../src/domain/target.js';
import { startWorkers } from '../../src/workers/main.js';
import type { Asked, WorkerSettings } from './protocol.js';

/**
 * A worker process to be killed: the product's workflows, its action activities on a real connection, every other stage
 * answering from a file. It asks its parent before it goes on at certain points, and the parent may never answer.
 */

/** Long: a write that the parent holds back is not to time out by itself. */
const REQUEST_TIMEOUT_MS = 120_000;
const ENOUGH = 200;

const settings = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as WorkerSettings;
const waiting = new Map<number, () => void>();
let serial = 0;
process.on('message', (id: number) => waiting.get(id)?.());
process.on('disconnect', () => process.exit(0)); // nobody is left to be asked

/** Resolves when the parent lets it go on. */
function ask(at: Asked['at']): Promise<void> {
  const id = ++serial;
  process.send!({ id, at, workflowId: Context.current().info.workflowExecution!.workflowId, mode: modeNow() } satisfies Asked);
  return new Promise((resolve) => waiting.set(id, resolve));
}

const modes = new WeakMap<Context, ExecuteInput['mode']>();
const modeNow = (): ExecuteInput['mode'] => modes.get(Context.current()) ?? 'apply';

const executor = { name: 'test', kubeconfig: settings.executor };
const real = await connectCluster({ name: 'test', kubeconfig: settings.kubeconfig, executor, userAgentVersion: '9.9.9', requestTimeoutMs: REQUEST_TIMEOUT_MS });
const cluster: Cluster = {
  ...real,
  waitFor: async (isDone, signal) => {
    await ask('converging');
    return real.waitFor(isDone, signal);
  },
};

const table = createExecute({ cluster: () => cluster, actions, clock: { now: () => new Date().toISOString() }, settleMs: 5000 });
const acting = Object.fromEntries(
  Object.entries(table).map(([id, activity]) => [
    id,
    async (input: ExecuteInput) => {
      modes.set(Context.current(), input.mode);
      const beating = keepBeating();
      try {
        await ask('starting');
        const reply = await activity(input);
        await ask('reporting');
        return reply;
      } finally {
        beating.stop();
      }
    },
  ]),
);

/** Held back, it is alive all the same: repeats the last heartbeat of the activity. */
function keepBeating(): { stop(): void } {
  const context = Context.current() as { heartbeat(details?: unknown): void };
  const send = context.heartbeat.bind(context);
  let last: unknown;
  context.heartbeat = (details) => send((last = details));
  const timer = setInterval(() => last !== undefined && send(last), 3000);
  return { stop: () => clearInterval(timer) };
}

const planOf = (target: Parameters<typeof workflowIdOf>[0]): PlanAnswer => settings.plans[workflowIdOf(target)]!;
const nothingMore: PlanAnswer = { kind: 'conclude', outcome: 'notified', reason: 'nothing more to try', analysis: { source: 'rules', cause: 'none', confidence: 1, reasoning: 'scripted' } };
const observation = (isHarmful: boolean): Observation => ({ isReached: true, isConditionGone: !isHarmful, isAlertFiring: isHarmful, hasRefired: false, sideEffects: isHarmful ? ['scripted harm'] : [], evidence: ['scripted'] });

const stages: StageActivities = {
  enrich: () => Promise.resolve({ evidenceRef: 'sha256:scripted', hasObject: true }),
  diagnose: () => Promise.resolve({ findings: [] }),
  analyze: () => Promise.resolve({ proposals: [], tokens: 0 }),
  inspect: () => Promise.reject(new Error('not part of this test')),
  makePlan: ({ target, rung }) => Promise.resolve(rung === 0 ? planOf(target) : nothingMore),
  holdOf: () => Promise.resolve({}),
  assess: ({ target }) => Promise.resolve(observation(settings.harmful.includes(workflowIdOf(target)))),
  record: () => Promise.resolve(),
  recordExpiry: () => Promise.resolve(),
  notify: () => Promise.resolve(),
};

await startWorkers({
  temporal: settings.temporal, roles: ROLES, activities: { stages: guard({ ...stages }), actions: guard(acting) },
  limits: { actions: ENOUGH, workflows: ENOUGH }, logger: createLogger({ level: 'error', format: 'json' }),
});
process.send!('ready');
