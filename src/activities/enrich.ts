import type { EventLine, Evidence, Problem, RecordedChange } from '../domain/evidence.js';
import { isPodReady, type KubeObject, type ObjectRef } from '../domain/kube.js';
import type { Clock, Cluster, Embedder, Store, VectorIndex } from '../domain/ports.js';
import { redactText } from '../domain/redact.js';
import { redactObject } from '../domain/redact-object.js';
import { describeTarget, type Target } from '../domain/target.js';
import { collectEvents } from './evidence/collect-events.js';
import { collectLogs } from './evidence/collect-logs.js';
import { addNamed, addSkeletons, collectObjects } from './evidence/collect-objects.js';
import { isUnhealthyPod } from './evidence/container-state.js';
import { recall } from './evidence/recall.js';
import { configurationReader, NO_CONFIGURATION, type Configuration } from './evidence/read-configuration.js';
import { redactedCopies } from './evidence/trim.js';
import { whatChanged, type ChangeLog } from './evidence/what-changed.js';

export interface EnrichDeps {
  cluster: (name: string) => Cluster;
  store: Pick<Store, 'putArtifact' | 'pastActions' | 'incidentsOf'>;
  embedder: Embedder;
  vectors: Pick<VectorIndex, 'nearest'>;
  clock: Clock;
  /** Objects outside the watch cache that some action needs for this target (`ActionDefinition.reads`). */
  extras?(target: KubeObject): Promise<readonly ObjectRef[]>;
  /** Edits that were recorded as they happened. Without it only what the objects themselves tell. */
  changes?: ChangeLog;
}

/** Small enough for a workflow history; everything else is behind `evidenceRef`. */
export interface EnrichReply {
  evidenceRef: string;
  hasObject: boolean;
  summary: { target: string; pods: number; readyPods: number; objects: number; events: number; logs: number; similar: number; history: number; missing: number };
}

export interface CollectOptions {
  /** Logs, memory, and what other pods take of their nodes: needed to decide, not to see whether it helped. Default true. */
  hasLogs?: boolean;
}

interface About {
  target: Target;
  problems: Problem[];
}

/**
 * Reads what decisions may know, redacts it and stores it. All from the watch cache: the only requests are logs of containers
 * in trouble. Throws StoreUnavailable; what the cluster does not give is listed in `missing` instead.
 */
export function createEnrich(deps: EnrichDeps): (input: About) => Promise<EnrichReply> {
  const gather = createGather(deps);
  return async (input) => {
    const { evidence, pods } = await gather(input, {});
    const evidenceRef = await deps.store.putArtifact('evidence', evidence);
    return { evidenceRef, hasObject: evidence.object !== undefined, summary: summaryOf(evidence, pods) };
  };
}

/** The same reading for assessments, which want the evidence itself; recorded as well. */
export function createCollect(deps: EnrichDeps): (input: About, options?: CollectOptions) => Promise<Evidence> {
  const gather = createGather(deps);
  return async (input, options = {}) => {
    const { evidence } = await gather(input, options);
    await deps.store.putArtifact('evidence', evidence);
    return evidence;
  };
}

function createGather(deps: EnrichDeps) {
  const copyOf = redactedCopies();
  const readConfiguration = configurationReader(deps.clock);

  return async (about: About, { hasLogs = true }: CollectOptions): Promise<{ evidence: Evidence; pods: KubeObject[] }> => {
    const { target, problems } = about;
    const cluster = deps.cluster(target.cluster);
    const takenAt = deps.clock.now();
    const nowMs = Date.parse(takenAt);
    const world = cluster.world();
    const { object, pods, selection } = collectObjects(world, target);
    const ill = hasLogs ? mostTelling(pods, nowMs) : [];
    const { logs, texts, missing } = await collectLogs(cluster, deps.store, ill, nowMs);
    const configuration = ill.length > 0 ? await readConfiguration(cluster, world, object) : NO_CONFIGURATION;
    addNamed(world, selection, [...texts, ...hostsIn(configuration)], target.namespace);
    const events = collectEvents(cluster, selection.list().map((c) => c.object), nowMs);
    const scene: Scene = { ...about, cluster, object, objects: selection.list().map((c) => c.object), configuration, events, takenAt };
    const { changes, extras } = hasLogs ? await lookFurther(deps, scene) : NOTHING_MORE;
    if (hasLogs) addSkeletons(world, selection);

    const read: Evidence = {
      takenAt,
      target,
      ...(object ? { object: copyOf(object, 'whole') } : {}),
      objects: [...selection.list().map((c) => copyOf(c.object, c.detail)), ...configuration.objects, ...extras.map((o) => copyOf(o, 'whole'))],
      events,
      logs,
      problems: problems.map(redactedProblem),
      history: [],
      similar: [],
      apis: cluster.apis?.() ?? [],
      changes,
      missing: [...gapsOf(cluster, target, object), ...selection.leftOut, ...missing, ...configuration.missing],
    };
    return { evidence: hasLogs ? await withMemory(deps, read) : read, pods };
  };
}

interface Scene extends About {
  cluster: Cluster;
  object: KubeObject | undefined;
  /** As chosen, unredacted. */
  objects: KubeObject[];
  configuration: Configuration;
  events: EventLine[];
  takenAt: string;
}

interface Further {
  changes: RecordedChange[];
  extras: KubeObject[];
}

const NOTHING_MORE: Further = { changes: [], extras: [] };

/** What is needed to decide, and not to see whether it helped: what changed, what actions ask for. */
async function lookFurther(deps: EnrichDeps, scene: Scene): Promise<Further> {
  const { cluster, object, configuration } = scene;
  return {
    changes: await whatChanged(deps.changes, scene, configuration),
    extras: object ? await readExtras(deps, cluster, object) : [],
  };
}

const hostsIn = ({ objects }: Configuration): string[] => objects.flatMap((c) => Object.values<string>(c.data));

/** One live GET each; one that cannot be read is simply not there for the plan, which says so. */
async function readExtras(deps: EnrichDeps, cluster: Cluster, object: KubeObject): Promise<KubeObject[]> {
  const refs = (await deps.extras?.(object)) ?? [];
  const read = await Promise.all(refs.map((ref) => cluster.read(ref).catch(() => undefined)));
  return read.filter((o) => o !== undefined);
}

/** What was before: asked with all that was read, so that the surest cause is part of the question. */
async function withMemory(deps: EnrichDeps, read: Evidence): Promise<Evidence> {
  const { history, similar, signature, missing } = await recall(deps, read);
  return { ...read, history, similar: redactObject(similar), signature, missing: [...read.missing, ...missing] };
}

/** Labels of alerts are free text, unlike those of objects. */
const redactedProblem = (p: Problem): Problem => ({ ...p, labels: redactedValues(p.labels), annotations: redactedValues(p.annotations) });

const redactedValues = (texts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, redactText(text)]));

/** The youngest unhealthy pods first: they belong to what was rolled out last. */
const mostTelling = (pods: readonly KubeObject[], nowMs: number): KubeObject[] =>
  pods
    .filter((p) => isUnhealthyPod(p, nowMs))
    .sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''));

function gapsOf(cluster: Cluster, target: Target, object: KubeObject | undefined): Evidence['missing'] {
  const gaps = (cluster.gaps?.() ?? []).map((g) => ({ what: `${g.kind}s`, why: g.why }));
  if (!object) gaps.push({ what: describeTarget(target), why: 'it does not exist (any more)' });
  if (object && target.uid && object.metadata.uid !== target.uid) gaps.push({ what: `${describeTarget(target)} of uid ${target.uid}`, why: 'another object of its name took its place' });
  if (!cluster.isHealthy()) gaps.push({ what: `cluster ${cluster.name}`, why: 'the watch cache is out of step; this may be outdated' });
  return gaps;
}

const summaryOf = (e: Evidence, pods: readonly KubeObject[]): EnrichReply['summary'] => ({
  target: describeTarget(e.target),
  pods: pods.length,
  readyPods: pods.filter(isPodReady).length,
  objects: e.objects.length,
  events: e.events.length,
  logs: e.logs.length,
  similar: e.similar.length,
  history: e.history.length,
  missing: e.missing.length,
});
