import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { createAnalyze } from '../../src/activities/analyze.js';
import type { InspectRequest, TurnRequest } from '../../src/activities/contract.js';
import { guard } from '../../src/activities/boundary.js';
import type { StageActivities } from '../../src/activities/contract.js';
import { createDiagnose } from '../../src/activities/diagnose.js';
import { createInspect } from '../../src/activities/inspect.js';
import { tools } from '../../src/activities/investigation/index.js';
import { attended } from '../../src/activities/waiting.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import { KubernautError } from '../../src/domain/errors.js';
import type { Evidence } from '../../src/domain/evidence.js';
import { worldOf } from '../../src/domain/kube.js';
import type { Cluster, Store } from '../../src/domain/ports.js';
import { hashOf } from '../../src/domain/sha256.js';
import { ROLES } from '../../src/domain/task-queues.js';
import { workflowIdOf } from '../../src/domain/target.js';
import { connectModel } from '../../src/models/index.js';
import { startWorkers } from '../../src/workers/main.js';
import type { InvestigatorAsked, InvestigatorSettings } from './protocol.js';

/**
 * A worker process to be killed: the product's workflows and its investigation (turns against a real HTTP model, looks at a world
 * from a file), artifacts in files that outlive it. It asks its parent before each call and after it, and the parent may never answer.
 */

const settings = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as InvestigatorSettings;
const waiting = new Map<number, () => void>();
let serial = 0;
process.on('message', (id: number) => waiting.get(id)?.());
process.on('disconnect', () => process.exit(0)); // nobody is left to be asked

/** Resolves when the parent lets it go on. Held back, the activity is alive all the same. */
async function ask(at: InvestigatorAsked['at'], call: string): Promise<void> {
  const context = Context.current();
  const id = ++serial;
  const timer = setInterval(() => context.heartbeat(), 2000);
  process.send!({ id, at, call, workflowId: context.info.workflowExecution!.workflowId } satisfies InvestigatorAsked);
  await new Promise<void>((resolve) => waiting.set(id, resolve));
  clearInterval(timer);
}

mkdirSync(settings.artifacts, { recursive: true });
const fileOf = (ref: string): string => join(settings.artifacts, createHash('sha256').update(ref).digest('hex'));
const store = {
  async getArtifact(ref: string) {
    if (!existsSync(fileOf(ref))) throw new KubernautError('NotFound', `there is no artifact ${ref}`);
    return JSON.parse(readFileSync(fileOf(ref), 'utf8')) as unknown;
  },
  async putArtifact(_kind: string, content: unknown, key?: string) {
    const ref = key ?? `sha256:${hashOf(content)}`;
    writeFileSync(`${fileOf(ref)}.${process.pid}`, JSON.stringify(content));
    renameSync(`${fileOf(ref)}.${process.pid}`, fileOf(ref));
    return ref;
  },
} as Pick<Store, 'getArtifact' | 'putArtifact'>;

const world = worldOf(Object.values(settings.evidence).flatMap((e) => e.objects));
const cluster = {
  name: 'test', world: () => world, events: () => [],
  logs: async ({ name }: { name: string }) => (process.send!({ id: ++serial, at: 'looking', call: 'logs', workflowId: Context.current().info.workflowExecution!.workflowId } satisfies InvestigatorAsked), `fatal in ${name}: no such file`),
} as unknown as Cluster;

const clock = { now: () => new Date().toISOString() };
const model = await connectModel('openai', { endpoint: settings.model, model: 'm' });
const memory = { embedder: { id: 'none', dimensions: 1, embed: () => Promise.resolve([1]) }, vectors: { nearest: () => Promise.resolve([]) } };
const analyze = createAnalyze({ store, model, tools: tools.members, waiting: attended });
const inspect = createInspect({ cluster: () => cluster, store: store as Store, ...memory, clock, waiting: attended });

async function between<T>(call: string, run: () => Promise<T>): Promise<T> {
  await ask('starting', call);
  const reply = await run();
  await ask('reporting', call);
  return reply;
}

const evidenceOf = (target: Parameters<typeof workflowIdOf>[0]): Evidence => settings.evidence[workflowIdOf(target)]!;
const stages: StageActivities = {
  enrich: async ({ target }) => ({ evidenceRef: await store.putArtifact('evidence', evidenceOf(target)), hasObject: true }),
  diagnose: createDiagnose({ store }),
  analyze: (request) => between(`turn ${request.turn}`, () => analyze(request as TurnRequest)),
  inspect: (request) => between(request.call.tool, () => inspect(request as InspectRequest)),
  makePlan: ({ proposals }) => Promise.resolve({ kind: 'conclude', outcome: 'notified', reason: proposals.map((p) => `${p.action}: ${p.reason}`).join(), analysis: { source: 'model', cause: 'x', confidence: 1, reasoning: 'scripted' } }),
  holdOf: () => Promise.reject(new Error('not part of this test')),
  assess: () => Promise.reject(new Error('not part of this test')),
  record: () => Promise.resolve(),
  recordExpiry: () => Promise.resolve(),
  notify: () => Promise.resolve(),
};

await startWorkers({
  temporal: settings.temporal, roles: ROLES, activities: { stages: guard({ ...stages }), actions: {} },
  limits: { actions: 200, workflows: 200 }, logger: createLogger({ level: 'error', format: 'json' }),
});
process.send!('ready');
