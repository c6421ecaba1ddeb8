import type { Brakes, Slot } from './brakes.js';
import type { Change, PatroniRequest } from './change.js';
import type { ConfigVersion } from './changes/config-version.js';
import type { ObjectChange } from './changes/object-change.js';
import type { DisruptionCount } from './disruption-budget.js';
import type { EventLine, LogExcerpt, PastAction } from './evidence.js';
import type { Incident } from './incident.js';
import type { KubeObject, ObjectRef, World } from './kube.js';
import type { Known } from './occurrence.js';
import type { Measured } from './measured.js';
import type { Pause } from './policy.js';
import type { Signal, TargetHint } from './signal.js';
import type { Storm } from './storm.js';
import type { Target } from './target.js';
import type { Remediation } from '../contracts/remediation.js';
import type { NotificationRow } from '../contracts/notification.js';

export interface ChangeOutcome {
  status: 'applied' | 'already_applied' | 'dry_run';
  /** The object as the server returned it; undefined after delete and evict. */
  object?: KubeObject;
}

export interface ApplyOptions {
  /** `<workflowId>/<remediationId>/<ordinal>`: goes into the User-Agent (as its hash), the annotation and created names. */
  actionId: string;
  /** Server-side `dryRun=All`. */
  isDryRun?: boolean;
  /** Undoing: a field that is no longer what we wrote is `Drifted`, not `PreconditionChanged`. */
  isUndo?: boolean;
  /** An earlier attempt may have written it already: what became of that is on the server, the cache may not know it yet. */
  isRepeat?: boolean;
  /** Asked between the read and the write, and only when a write is due: the last word of kill switch and signal. What it throws ends the call. */
  beforeWrite?(): Promise<void>;
}

/** What one request to Patroni needs besides its own words. */
export interface PatroniCall {
  request: PatroniRequest;
  /** The live IP address of a member's pod. Throws TargetNotFound, and TargetReplaced when it is not the pod that was planned for. */
  addressOf(member: string): Promise<string>;
  options: ApplyOptions;
}

/** Clusters of PostgreSQL that Patroni leads, over its REST API. */
export interface DatabaseControl {
  /**
   * Looks at the cluster, compares, asks `beforeWrite`, sends once. A dry run looks and compares.
   * Throws PreconditionChanged (Drifted when undoing), OutcomeUnknown, DatabaseUnavailable, Forbidden, Unsupported.
   */
  call(call: PatroniCall): Promise<ChangeOutcome['status']>;
}

/** How a program in a container ended. Both texts are cut at 64 KiB; they are untrusted. */
export interface ExecResult {
  /** 127 when the container has no such program, as a shell would say. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  container: string;
  /** Program and arguments; no shell looks at them. */
  argv: readonly string[];
  timeoutMs: number;
  /** Whose request it is, for the audit log. */
  actionId: string;
}

export interface ListOptions {
  /** Of JSON; the item that would go over it is left out, with all after it. */
  maxBytes: number;
  /** Items per request. Default 500. */
  pageSize?: number;
  /** Looked at between pages. */
  signal?: AbortSignal;
}

export interface Listed {
  items: KubeObject[];
  /** There was more than `maxBytes`. */
  isCut: boolean;
}

/** One Kubernetes cluster. Reads come from the watch cache unless they say live. Writes go through `apply` alone. */
export interface Cluster {
  readonly name: string;
  /** True while the watches are in sync and the API answers. */
  isHealthy(): boolean;
  /** Kinds that cannot be read here (forbidden, not served), and why. */
  gaps?(): { kind: string; why: string }[];
  /** Optional APIs (custom resources of other projects) that are served and watched: `<group>/<version>/<Kind>`. */
  apis?(): string[];
  /** The cached objects (managedFields kept for owners only; Secret and ConfigMap values are never cached). */
  world(): World;
  /** The top owner of what a hint names, from the cache; undefined when nothing matches. */
  resolve(hints: readonly TargetHint[]): Target | undefined;
  /** A live GET; undefined on 404. */
  read(ref: ObjectRef): Promise<KubeObject | undefined>;
  /** A live LIST, page by page; of one namespace where the kind has one. Throws Forbidden, Unsupported, K8sUnavailable. */
  list(what: Omit<ObjectRef, 'name'>, options: ListOptions): Promise<Listed>;
  /** Re-reads, checks uid and before-values, writes once with a resourceVersion precondition. Throws the codes of actions.md 1.6. */
  apply(change: Change, options: ApplyOptions): Promise<ChangeOutcome>;
  /** Resolves when `isDone` holds for the cached world, checked on every change; rejects with `AbortSignal`'s reason. */
  waitFor<T>(isDone: (world: World) => T | undefined, signal: AbortSignal): Promise<T>;
  logs(pod: { namespace: string; name: string }, options: { container: string; isPrevious: boolean; tailLines: number; limitBytes: number }): Promise<string>;
  /**
   * Runs a program in a container of exactly this pod and waits for its end. For looking (`df`, `stat`); what changes
   * something goes through `apply`. Throws TargetNotFound, TargetReplaced, Forbidden, K8sUnavailable, OutcomeUnknown.
   */
  exec(pod: { namespace: string; name: string; uid: string }, options: ExecOptions): Promise<ExecResult>;
  events(objects: readonly { kind: string; namespace?: string; name: string }[]): EventLine[];
  /** SelfSubjectAccessReview of who writes, cached for a minute. */
  isAllowed(request: { verb: string; group: string; resource: string; subresource?: string; namespace?: string; name?: string }): Promise<boolean>;
  close(): Promise<void>;
}

export interface SignalRow {
  signal: Signal;
  workflowId?: string;
  remediationId?: string;
  /** `received`: it is in the inbox and nowhere else yet. */
  outcome: 'received' | 'started' | 'joined' | 'suppressed' | 'rejected' | 'resolved';
  reason?: string;
  /** Names of the filter rules that acted on it, in order. */
  rules?: readonly string[];
  /** RFC 3339: its remediation is held back until then; of a symptom: it goes its own way from then on, if it still fires. */
  heldUntil?: string;
}

/** What a filter rule counts together before it lets any of it through. */
export interface RuleCount {
  rule: string;
  key: string;
  withinMs: number;
}

/** What the newest remediation of a target came to, in short. */
export interface RemediationStanding {
  id: string;
  isOpen: boolean;
  outcome?: string;
  /** RFC 3339 */
  startedAt: string;
  closedAt?: string;
  /** Names of its alerts. */
  alerts: string[];
}

export interface RemediationFilter {
  namespace?: string;
  phase?: string;
  outcome?: string;
  /** `kind/name` or a name. */
  target?: string;
  since?: string;
  limit?: number;
  cursor?: string;
}

/** Everything we keep. Every write is idempotent; every method throws `StoreUnavailable` when the database is out of reach. */
export interface Store {
  ping(): Promise<void>;

  /** What is known of each signal, in order: the one statement of deduplication. */
  knownOf(signals: readonly Signal[], startsWithinMs: number): Promise<Known[]>;
  /** Into the inbox, from where none is lost: as `received`, until `recordSignal` says what became of it. What is there stays as it is. */
  enterSignals(signals: readonly Signal[]): Promise<void>;
  /**
   * Symptoms that still fire although the remediation of their probable root is closed, or has had long enough: back into the
   * inbox, each on its own. How many.
   */
  releaseSymptoms(): Promise<number>;
  /** What has waited in the inbox for so long, oldest first; claimed: nobody else gets it for as long again. */
  claimWaiting(options: { olderThanMs: number; limit: number }): Promise<Signal[]>;
  /** The stored row of this occurrence in this status, or undefined. */
  findSignal(key: { cluster: string; fingerprint: string; startsAt: string; status: string }): Promise<{ remediationId?: string; outcome: string } | undefined>;
  recordSignal(row: SignalRow): Promise<void>;
  /** The same of many, in one statement; of one signal the last mention wins. */
  recordSignals(rows: readonly SignalRow[]): Promise<void>;
  /** Signals by fingerprint, newest first: what became of it and why (`kubernaut why-not`). */
  signalsOf(fingerprint: string): Promise<(SignalRow & { at: string })[]>;

  /** What a source reported of a cluster and nobody has reported the end of, newest start first. */
  openSignals(source: string, cluster: string): Promise<(SignalRow & { at: string })[]>;

  /** Takes an occurrence into the count, once however often it comes; returns the most that started within one `withinMs` together with it. */
  countForRule(count: RuleCount, occurrence: { cluster: string; fingerprint: string; startsAt: string }): Promise<number>;
  /** What this rule holds of that key, still firing, started within `withinMs` of it. */
  heldByRule(count: RuleCount, around: { startsAt: string }): Promise<Signal[]>;
  /** Signals by the filter rules that acted on them, of those recorded since. */
  filterHits(since: string): Promise<{ rule: string; hits: number; lastAt: string }[]>;

  /** Whole-document upsert; an older `revision` never overwrites a newer one. Steps and assessments are kept in rows of their own too. */
  saveRemediation(remediation: Remediation): Promise<void>;
  /** First documents of remediations that have just started, in one statement; one that is there already stays. */
  saveFirst(remediations: readonly Remediation[]): Promise<void>;
  /** By id or unique prefix. Throws NotFound, or Conflict naming the candidates. */
  getRemediation(idOrPrefix: string): Promise<Remediation>;
  /** The newest remediation of a workflow id, or undefined. */
  latestOf(workflowId: string): Promise<Remediation | undefined>;
  /** The same of many, in their order, in one statement: what a decision about a new signal needs of them. */
  standingOf(workflowIds: readonly string[]): Promise<(RemediationStanding | undefined)[]>;
  listRemediations(filter: RemediationFilter): Promise<{ items: Remediation[]; next?: string }>;
  countInPhase(phase: string): Promise<number>;
  /** Writing actions on this target (any remediation), newest first. */
  pastActions(target: Pick<Target, 'cluster' | 'namespace' | 'kind' | 'name'>, since: string): Promise<PastAction[]>;
  /** What these actions came to against these kinds of trouble, of closed remediations, in one statement. */
  measuredEffects(of: { cluster: string; families: readonly string[]; actions: readonly string[]; since: string; now: string; halfLifeMs: number }): Promise<Measured[]>;

  /**
   * Disruptive steps (tier 2 and 3) before this one, over all processes: in its namespace within an hour, on its cluster and on
   * the object within a day. Those that `remediationId` itself has planned and not begun do not count.
   */
  countDisruptions(target: Pick<Target, 'cluster' | 'namespace' | 'kind' | 'name'>, remediationId: string, now: string): Promise<DisruptionCount>;

  /**
   * Content-addressed: returns `sha256:<hex>`; the same content is kept once. With a `key` (of an action) it is kept under that
   * instead, and a repeat replaces it. Content must already be redacted.
   */
  putArtifact(kind: 'evidence' | 'log' | 'prompt' | 'answer' | 'tool' | 'verdict' | 'policy' | 'decision' | 'templates', content: unknown, key?: string): Promise<string>;
  getArtifact(ref: string): Promise<unknown>;

  /** Unique on (remediation, channel, kind); returns the existing row when there is one. */
  claimNotification(row: { remediationId: string; channel: string; kind: string }): Promise<NotificationRow>;
  updateNotification(row: NotificationRow): Promise<void>;
  notificationsOf(remediationId: string): Promise<NotificationRow[]>;

  /** A signed link decides once: false when it did, or is deciding. A claim that was neither settled nor released lapses after a minute. */
  claimLink(link: { id: string; remediationId: string; plan: string; audience: string; at: string }): Promise<boolean>;
  /** What it decided, or undefined. */
  usedLink(id: string): Promise<{ decision: string; by: string; at: string } | undefined>;
  settleLink(link: { id: string; decision: string; by: string; at: string }): Promise<void>;
  /** Nothing was decided: it may be used again. */
  releaseLink(id: string): Promise<void>;

  /** Append-only, hash-chained. */
  audit(entry: { at: string; actor: string; verb: string; subject: string; details?: unknown }): Promise<void>;

  /** Edits of watched objects; one that is known already stays. In one statement. */
  recordChanges(changes: readonly ObjectChange[]): Promise<void>;
  /** Of these namespaces and of objects without one, newest first, at most 500. */
  changesIn(what: { cluster: string; namespaces: readonly string[]; since: string }): Promise<ObjectChange[]>;
  /** What was last seen of these ConfigMaps, and from now on this is. */
  noteConfigVersions(versions: readonly ConfigVersion[]): Promise<ConfigVersion[]>;
  /** Removes changes from before this, and all but the newest twenty of each object. How many. */
  forgetChanges(before: string): Promise<number>;

  /** Keeps what a closed remediation taught: the facts, whatever index finds it later. A change makes it due for the index again. */
  keepIncident(incident: Incident): Promise<void>;
  /** By remediation id, in no order; those unknown are left out, as those whose remediation has ended otherwise since. */
  incidentsOf(remediationIds: readonly string[]): Promise<Incident[]>;
  /** Incidents that this index (`VectorIndex.name`) does not have as they are now, oldest first. */
  incidentsDue(index: string, limit: number): Promise<Incident[]>;
  /** This index has it, unless it changed since. */
  markIndexed(index: string, incident: Incident): Promise<void>;
  /** No index has any: all are due. */
  forgetIndexed(): Promise<void>;

  /** Kill switch rows. */
  pauses(): Promise<Pause[]>;
  setPause(pause: Pause | { remove: { cluster?: string; namespace?: string; action?: string } }): Promise<void>;

  /** Takes the slot of an action, or says which brake holds. Its own slot is always given again. */
  takeSlot(slot: Slot, brakes: Brakes, lease: { leaseMs: number; isOngoing: boolean }): Promise<keyof Brakes | undefined>;
  /** An attempt of this action took its slot and did not give it back: it may have written. */
  hasSlot(id: string): Promise<boolean>;
  renewSlot(id: string, leaseMs: number): Promise<void>;
  freeSlot(id: string): Promise<void>;

  /** All that the database knows of storm mode on a cluster, in one statement. `at`: the time it is about. */
  readStorm(cluster: string): Promise<{ at: string; storm?: Storm; version: string; remediations: number }>;
  /** Keeps what follows from that reading, none for its end, with the audit entry of a change. False: somebody else kept something since, read again. */
  keepStorm(next: { cluster: string; version: string; at: string; storm?: Storm; told?: { verb: string; details: object } }): Promise<boolean>;

  /** Keeps a call, or what has become known of it since. Calls are kept for 40 days. */
  recordModelCall(call: ModelCall): Promise<void>;
  /** Of all processes together, from then on. */
  modelUseSince(at: string): Promise<ModelUse>;

  close(): Promise<void>;
}

export interface NearestQuery {
  /** At most 30. */
  limit: number;
  /** 0..1; default 0. */
  minSimilarity?: number;
  /** For people who look into the memory; what decides never asks for it. Default false. */
  isUnverifiedToo?: boolean;
  scope?: { cluster?: string; namespace?: string; kind?: string };
}

/** What an index keeps of an incident. */
export type IndexedIncident = Omit<Incident, 'signature'>;

/**
 * Finds past incidents by nearness in meaning. It may be lost, stale or somebody else's: the facts are the store's
 * (`Store.incidentsOf`). Every method throws VectorsUnavailable (StoreUnavailable where it is our own database), VectorsRejected when the
 * index refuses or holds vectors of another embedder, InvalidParams when a vector does not fit the embedder.
 */
export interface VectorIndex {
  /** Backend, place and embedder: changes when what it holds can no longer be compared. */
  readonly name: string;
  /** Replaces what was there of that remediation. Secrets are masked and texts cut on the way. */
  put(incident: Incident, embedding: readonly number[]): Promise<void>;
  /** The nearest first; of equals the newer. */
  nearest(embedding: readonly number[], query: NearestQuery): Promise<{ incident: IndexedIncident; similarity: number }[]>;
  remove(remediationId: string): Promise<void>;
  /** Everything, also what another embedder made. */
  clear(): Promise<void>;
  count(): Promise<number>;
  /** Resolves with a few words about it when it can be used as configured. */
  health(): Promise<string>;
  close(): Promise<void>;
}

/** Text → vector of `dimensions` numbers, unit length. */
export interface Embedder {
  readonly id: string;
  readonly dimensions: number;
  embed(text: string): Promise<number[]>;
}

export interface ModelRequest {
  system: string;
  /** The typed data block, as text. */
  prompt: string;
  /** JSON Schema of the answer (closed). */
  schema: Record<string, unknown>;
  schemaName: string;
  timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal;
  /** For the other side's audit, where it keeps one. */
  remediationId?: string;
}

export interface ModelAnswer {
  /** Raw text; the caller parses and validates it. */
  text: string;
  model: string;
  usage: ModelUsage;
  /** Who answered, when there were several to ask: the `id` of that model. */
  by?: string;
}

/** One request to a model, for the budget of the day. */
export interface ModelCall {
  /** The same call is written twice: when it starts, and with what it used. */
  id: string;
  /** RFC 3339 */
  at: string;
  /** `provider/model` */
  model: string;
  inputTokens?: number;
  outputTokens?: number;
  /** USD; absent: unknown. */
  cost?: number;
}

/** What was used in a time; `cost` in USD, of the calls whose price is known. */
export interface ModelUse {
  calls: number;
  tokens: number;
  cost: number;
}

export interface ModelUsage {
  inputTokens?: number;
  outputTokens?: number;
  /** The provider said nothing: the tokens were counted here. */
  isEstimated?: true;
  /** USD; absent: unknown, which is never 0. */
  cost?: number;
}

export interface Model {
  readonly id: string;
  answer(request: ModelRequest): Promise<ModelAnswer>;
}

/** One series over time; `null` where there was no sample. */
export interface MetricSeries {
  labels: Record<string, string>;
  /** Epoch milliseconds and value, oldest first. */
  points: [number, number | null][];
}

/** A metrics server. Throws DependencyMissing or Unauthorized. */
export interface MetricsReader {
  range(expression: string, window: { fromMs: number; toMs: number; stepMs: number }, signal?: AbortSignal): Promise<MetricSeries[]>;
}

export interface Clock {
  /** RFC 3339 with milliseconds. */
  now(): string;
}

/** Anything that collects logs for evidence. */
export type LogReader = (object: KubeObject) => Promise<LogExcerpt[]>;
