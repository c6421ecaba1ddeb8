import { actions } from '../actions/index.js';
import { poolNameOf } from '../actions/node.js';
import { diagnoseAll } from '../analyzers/index.js';
import { connectCluster, type ConnectedCluster } from '../adapters/kubernetes/connect-cluster.js';
import { patroniControl } from '../adapters/patroni/control.js';
import { openDatabase, type Database } from '../adapters/postgres/database.js';
import { createStore } from '../adapters/postgres/store.js';
import type { Logger } from '../adapters/telemetry/logger.js';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import { connectVectors, type VectorsOptions } from '../adapters/vectors/connect-vectors.js';
import { localEmbedder } from '../adapters/vectors/local-embedder.js';
import { openaiEmbedder } from '../adapters/vectors/openai-embedder.js';
import { createAnalyze } from '../activities/analyze.js';
import { createAssertNotPaused } from '../activities/assert-not-paused.js';
import { createAssertPermitted } from '../activities/assert-permitted.js';
import { createAssess } from '../activities/assess.js';
import { guard } from '../activities/boundary.js';
import { createDiagnose } from '../activities/diagnose.js';
import { createCollect, createEnrich } from '../activities/enrich.js';
import { createExecute } from '../activities/execute.js';
import { createInspect } from '../activities/inspect.js';
import { offeredTools } from '../activities/investigation/index.js';
import { createNotifyStage } from '../activities/notify.js';
import { createLearn } from '../activities/learn.js';
import { createMakePlan } from '../activities/plan.js';
import { createHoldOf } from '../activities/hold-of.js';
import { createPolicyAtWrite } from '../activities/policy-at-write.js';
import { createPlanStep } from '../activities/plan-step.js';
import { createReplay } from '../activities/replay.js';
import { createTakeSlot } from '../activities/slots.js';
import { createStillAllowed } from '../activities/still-allowed.js';
import { createStillNeeded } from '../activities/still-needed.js';
import { createRecord, createRecordExpiry } from '../activities/record.js';
import { attended } from '../activities/waiting.js';
import { connectChannel } from '../channels/index.js';
import type { Config } from '../config/schema.js';
import { loadTemplates } from '../config/templates.js';
import { revealed } from '../config/secret.js';
import { DEFAULT_BRAKES, type Brakes } from '../domain/brakes.js';
import { durationMs } from '../domain/duration.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { refOf, type KubeObject, type ObjectRef } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import { namespaceOf } from '../domain/target.js';
import { policyFor } from '../domain/policy.js';
import { KILL_SWITCH, pauseOf } from '../domain/kill-switch.js';
import type { Clock, Cluster, Embedder, Store, VectorIndex } from '../domain/ports.js';
import { askOpa } from '../adapters/opa/ask.js';
import { policyReading } from '../policy/compile.js';
import { createChangeRecorder, type ChangeRecorder } from './change-recorder.js';
import { holmesOf, metricsReaderOf } from './investigators.js';
import { watchedVectors } from './watched-vectors.js';
import { approvalLinkFor } from './approval-links.js';
import { clusterAddressOf, clusterNameOf, executorAddressOf } from './cluster-address.js';
import { composeModels, type Models } from './compose-model.js';
import { inStep } from './in-step.js';
import { createPolicySource, type PolicySource } from './policy-source.js';
import { createStormWatch, type StormWatch } from './storm-watch.js';
import type { ActivityTables } from './roles.js';

export interface Platform {
  store: Store;
  database: Database;
  cluster: ConnectedCluster;
  policy: PolicySource;
  storms: StormWatch;
  activities: ActivityTables;
  channels: string[];
  hasModel: boolean;
  close(): Promise<void>;
}

export interface ComposeOptions {
  config: Config;
  version: string;
  logger: Logger;
  metrics: Metrics;
}

const clock: Clock = { now: () => new Date().toISOString() };

/** Builds everything a process needs, by hand, in order of dependency. Whatever fails closes what was open. */
export async function composePlatform(options: ComposeOptions): Promise<Platform> {
  const { config } = options;
  const database = await openDatabase(databaseOf(config));
  try {
    const store = createStore(database, clock);
    const changes = createChangeRecorder({ cluster: clusterNameOf(config), store, clock, logger: options.logger });
    const cluster = await connectCluster({ ...clusterAddressOf(config), executor: executorAddressOf(config), userAgentVersion: options.version, databases: patroniControl(revealed(config.databases.patroni)), onReplaced: changes.seen });
    const policy = createPolicySource(config.policy, store, () => pauseOf(cluster.world().get(KILL_SWITCH.kind, KILL_SWITCH.namespace, KILL_SWITCH.name)));
    const storms = createStormWatch({ store, cluster, limits: async () => (await policy.current()).storm, metrics: options.metrics, logger: options.logger });
    const channels = Object.fromEntries(
      await Promise.all(Object.entries(config.channels).map(async ([id, own]) => [id, await connectChannel(id, revealed(own))] as const)),
    );
    const models = await composeModels({ ...options, store, clock });
    const embedder = embedderOf(config);
    const vectors = watchedVectors(connectVectors(vectorsOf(config), { database, embedder }), options);
    storms.start();
    changes.start();
    return {
      store, database, cluster, policy, storms,
      channels: Object.keys(channels),
      hasModel: models.work !== undefined || config.investigation.holmes.url !== undefined,
      activities: activityTables({ ...options, store, cluster, policy, storms, changes, channels, models, embedder, vectors }),
      async close() {
        await storms.stop();
        await cluster.close();
        await changes.stop();
        await vectors.close();
        await store.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Parts extends ComposeOptions {
  store: Store;
  cluster: Cluster;
  policy: PolicySource;
  storms: StormWatch;
  changes: ChangeRecorder;
  channels: Parameters<typeof createNotifyStage>[0]['channels'];
  models: Models;
  embedder: Embedder;
  vectors: VectorIndex;
}

/** Locator parameters of an object, when the action acts on its kind at all. */
const locate = (id: string, ref: ObjectRef): Record<string, string> | undefined => {
  const action = actions.get(id);
  return action.targets.includes(ref.kind) ? action.locate(ref) : undefined;
};

/** What the actions that could act here need to read beyond the watch cache. */
async function extrasFor(policy: PolicySource, target: KubeObject): Promise<ObjectRef[]> {
  const current = await policy.current();
  const namespace = namespaceOf(refOf(target));
  return actions.members.flatMap((a) => a.reads?.(target, policyFor(current, { severity: 'warning', action: a.id, namespace })) ?? []);
}

function activityTables(parts: Parts): ActivityTables {
  const { store, policy, embedder, vectors, config } = parts;
  const cluster = (name: string): Cluster => {
    if (name !== parts.cluster.name) throw new KubernautError('NotFound', `cluster ${name} is not connected here; this process serves ${parts.cluster.name}`);
    return parts.cluster;
  };
  const storm = (name: string) => (name === parts.cluster.name ? parts.storms.current() : Promise.resolve(undefined));
  const ofPolicy = policyReading();
  const templates = loadTemplates(config.templates.path, actions.members);
  const planStep = createPlanStep({ actions });
  const reading = { cluster, store, embedder, vectors, clock, changes: { store, flush: parts.changes.flush }, extras: (target: KubeObject) => extrasFor(policy, target) };
  const collect = inStep(cluster, createCollect(reading));
  const stages = guard({
    enrich: inStep(cluster, createEnrich(reading)),
    diagnose: createDiagnose({ store, clock }),
    analyze: createAnalyze({ store, model: parts.models.work, holmes: holmesOf({ ...parts, clock }), templates, tools: offeredTools({ metrics: config.prometheus.url !== undefined }), timeoutMs: durationMs(config.llm.timeout), holmesMs: durationMs(config.investigation.holmes.timeout), waiting: attended }),
    inspect: createInspect({ cluster, store, embedder, vectors, metrics: metricsReaderOf(config), clock, waiting: attended }),
    makePlan: createMakePlan({ cluster, assertPermitted: createAssertPermitted({ actions }), store, policy: () => policy.current(), storm, clock, reading: ofPolicy, askPolicy: askOpa, planStep, maxActionS: durationMs(config.actions.cap) / 1000, defaultActionS: durationMs(config.actions.timeout) / 1000, templates, locate }),
    holdOf: createHoldOf({ cluster, policy: () => policy.current(), reading: ofPolicy, clock }),
    replay: createReplay({ store, planStep, reading: ofPolicy, locate, model: parts.models.other, timeoutMs: durationMs(config.llm.timeout) }),
    assess: createAssess({
      collect: (input) => collect(input, { hasLogs: false }),
      diagnose: diagnoseAll,
      action: (id) => actions.get(id),
    }),
    record: createRecord({ store, learn: createLearn({ store, embedder, vectors, clock, onMissed: (error) => parts.logger.warn({ err: error }, 'an incident is not in the vector index yet; it is tried again with the next one') }), onClosed: (r) => observeClosed(parts.metrics, r) }),
    recordExpiry: createRecordExpiry({ store, clock }),
    notify: createNotifyStage({ store, channels: parts.channels, clock, approvalLink: approvalLinkFor(config) }),
  });
  const stillAllowed = createStillAllowed({ cluster, policy: () => policy.current(), actions, clock, storm, policyAtWrite: createPolicyAtWrite({ store, reading: ofPolicy, askPolicy: askOpa }) });
  const stillNeeded = createStillNeeded({ cluster, collect: (input) => collect(input, { hasLogs: false }), diagnose: diagnoseAll });
  const execute = createExecute({
    cluster,
    actions,
    clock,
    hadSlot: (actionId) => store.hasSlot(actionId),
    takeSlot: createTakeSlot({ store, brakes: brakesOf(config), nodePoolOf: (step) => nodePoolOf(parts.cluster, step) }),
    assertNotPaused: createAssertNotPaused({ policy: () => policy.current(), clock }),
    assertStillFiring: (problems) => assertStillFiring(store, parts.cluster.name, problems),
    assertStillNeeded: async (step) => {
      await stillAllowed(step);
      await stillNeeded(step);
    },
    keepArtifact: (artifact, key) => store.putArtifact('log', artifact, key),
  });
  return { stages: stages as ActivityTables['stages'], actions: guard(counted(execute, parts.metrics)) as ActivityTables['actions'] };
}

const brakesOf = ({ actions: { maxConcurrent, maxConcurrentPerNamespace } }: Config): Brakes => ({ ...DEFAULT_BRAKES, perCluster: maxConcurrent, perNamespace: maxConcurrentPerNamespace });

function nodePoolOf(cluster: Cluster, { target }: Step): string | undefined {
  const node = target.kind === 'Node' ? cluster.world().get('Node', undefined, target.name) : undefined;
  return node && poolNameOf(node);
}

/** A resolve that reached the gateway while the plan was made: no write happens any more (C12). */
async function assertStillFiring(store: Store, cluster: string, problems: readonly { fingerprint: string; startedAt: string }[]): Promise<void> {
  const resolved = await Promise.all(problems.map((p) => store.findSignal({ cluster, fingerprint: p.fingerprint, startsAt: p.startedAt, status: 'resolved' })));
  if (problems.length > 0 && resolved.every((r) => r !== undefined)) throw new KubernautError('AlreadyRemediated', 'the alerts resolved before the write');
}

/** Counts how each action ended; the error goes on. */
function counted<T extends Record<string, (input: never) => Promise<{ status: string }>>>(activities: T, metrics: Metrics): T {
  const entries = Object.entries(activities).map(([action, run]) => [
    action,
    async (input: never) => {
      try {
        const reply = await run(input);
        metrics.actionsExecuted.inc({ action, outcome: reply.status });
        return reply;
      } catch (error) {
        metrics.actionsExecuted.inc({ action, outcome: isKubernautError(error) ? error.code : 'Internal' });
        throw error;
      }
    },
  ]);
  return Object.fromEntries(entries) as T;
}

function observeClosed(metrics: Metrics, r: { outcome?: string; started_at: string; closed_at?: string; assessments: { horizon: string; verdict?: string }[] }): void {
  metrics.remediationDuration.observe({ outcome: r.outcome ?? 'failed' }, (Date.parse(r.closed_at ?? r.started_at) - Date.parse(r.started_at)) / 1000);
  for (const a of r.assessments) if (a.verdict) metrics.assessments.inc({ horizon: a.horizon, verdict: a.verdict });
}

export { clusterNameOf } from './cluster-address.js';

export function databaseOf({ database: d, dataDir }: Config): Parameters<typeof openDatabase>[0] {
  if (!d.url && !d.host) return { kind: 'pglite', dataDir: `${dataDir}/database` };
  return {
    kind: 'postgres',
    ...(d.url ? { url: d.url.reveal() } : { host: d.host, port: d.port, database: d.name, user: d.user, password: d.password?.reveal() }),
    ...(d.tls ? { ssl: true } : {}),
    maxConnections: d.maxConnections,
  };
}

export function embedderOf({ embeddings: e }: Config): Embedder {
  if (!e.endpoint && !e.model) return localEmbedder();
  return openaiEmbedder({ baseUrl: e.endpoint, apiKey: e.apiKey?.reveal(), model: e.model ?? 'text-embedding-3-small', dimensions: e.dimensions, timeoutMs: durationMs(e.timeout) });
}

export function vectorsOf({ vectors: v }: Config): VectorsOptions {
  const { timeout, ...rest } = revealed(v);
  return { ...rest, timeoutMs: durationMs(timeout) };
}
