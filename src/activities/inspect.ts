import { Ajv } from 'ajv';
import { isKubernautError, KubernautError, type ErrorCode } from '../domain/errors.js';
import type { Evidence } from '../domain/evidence.js';
import { keyOfCall, type ToolCall, type ToolEntry } from '../domain/investigation.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Clock, Cluster, Embedder, MetricsReader, Store, VectorIndex } from '../domain/ports.js';
import { redactText } from '../domain/redact.js';
import { redactObject } from '../domain/redact-object.js';
import { hashOf } from '../domain/sha256.js';
import { describeTarget } from '../domain/target.js';
import type { InspectReply, InspectRequest } from './contract.js';
import { evidenceOf } from './diagnose.js';
import { bounded } from './investigation/bounded.js';
import type { Found, ToolDefinition } from './investigation/define.js';
import { tools as allTools } from './investigation/index.js';
import { keptUnder } from './investigation/kept.js';
import { unattended, type Waiting } from './waiting.js';

export interface InspectDeps {
  cluster: (name: string) => Cluster;
  store: Pick<Store, 'getArtifact' | 'putArtifact' | 'pastActions' | 'incidentsOf'>;
  embedder: Embedder;
  vectors: Pick<VectorIndex, 'nearest'>;
  metrics?: MetricsReader;
  clock: Clock;
  tools?: readonly ToolDefinition[];
  waiting?: Waiting;
}

/** One look takes no longer: what is slow is an answer like any other. */
const MOST_MS = 20_000;
const MOST_TEXT = 300;

/**
 * One read-only look that a model asked for. Whatever the cluster, the metrics server or our memory answers, errors included,
 * becomes a masked, bounded entry of the transcript. Throws StoreUnavailable and NotFound (the evidence is gone) alone.
 */
export function createInspect(deps: InspectDeps) {
  const { store, waiting = unattended } = deps;
  return ({ remediationId, evidenceRef, call }: InspectRequest): Promise<InspectReply> =>
    waiting(async ({ signal }) => {
      const key = `look:${hashOf([remediationId, evidenceRef, keyOfCall(call)])}`;
      const kept = await keptUnder<InspectReply>(store, key);
      if (kept) return kept;
      const entry = await look(deps, { evidence: await evidenceOf(store, evidenceRef), call, at: deps.clock.now(), signal });
      const ref = await store.putArtifact('tool', entry);
      const reply = { ref, found: entry.found, isError: entry.error !== undefined, isTruncated: entry.truncated !== undefined };
      await store.putArtifact('tool', reply, key);
      return reply;
    });
}

async function look(deps: InspectDeps, looking: Looking): Promise<ToolEntry> {
  const { call, at } = looking;
  const about = { kind: 'tool' as const, call, at };
  try {
    return { ...about, ...masked(await inTime(found(deps, looking), call)) };
  } catch (error) {
    if (!isKubernautError(error) || OURS.has(error.code)) throw error;
    const message = oneLine(error.message);
    return { ...about, found: `not found out: ${message}`, error: { code: error.code, message } };
  }
}

/** Our own store is not the cluster's answer. */
const OURS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['StoreUnavailable']);

interface Looking {
  evidence: Evidence;
  call: ToolCall;
  at: string;
  signal: AbortSignal | undefined;
}

async function found(deps: InspectDeps, { evidence, call, at, signal }: Looking): Promise<Found> {
  const { members } = allTools;
  const tool = (deps.tools ?? members).find((t) => t.id === call.tool);
  if (!tool || (tool.needs === 'metrics' && !deps.metrics)) throw new KubernautError('NotFound', `there is no tool ${call.tool} here`);
  const args = checkedArgs(tool, call.args);
  const cluster = deps.cluster(evidence.target.cluster);
  const world = cluster.world();
  const object = groundedObject(evidence, world, call);
  const { store, metrics } = deps;
  return tool.run(args, { cluster, world, store, memory: deps, metrics, evidence, object, ref: call.target, nowMs: Date.parse(at), signal });
}

/** Never in the watch cache (docs/decisions/0018): they are told as they were read, and their values were forgotten then. */
const UNWATCHED = new Set(['ConfigMap']);

/** Only what enrichment read, whole and under this uid, may be looked at; and it must still be that object. */
function groundedObject(evidence: Evidence, world: World, { target }: ToolCall): KubeObject {
  const read = [evidence.object, ...evidence.objects].find((o) => o?.metadata.uid !== undefined && o.metadata.uid === target.uid);
  if (!read) throw new KubernautError('NotGrounded', `${describeTarget(target)} was not read by this remediation`);
  const now = world.byUid(target.uid!) ?? (UNWATCHED.has(read.kind) ? read : undefined);
  if (!now) throw new KubernautError('TargetNotFound', `${describeTarget(target)} does not exist any more`);
  return now;
}

function checkedArgs(tool: ToolDefinition, args: Record<string, unknown>): never {
  const validate = new Ajv({ strict: false }).compile(JSON.parse(JSON.stringify(tool.args)) as object);
  if (!validate(args)) throw new KubernautError('InvalidParams', `${tool.id} does not take these arguments`);
  return args as never;
}

async function inTime<T>(run: Promise<T>, call: ToolCall): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KubernautError('K8sUnavailable', `${call.tool} took longer than ${MOST_MS / 1000} s`)), MOST_MS);
  });
  try {
    return await Promise.race([run, late]);
  } finally {
    clearTimeout(timer);
  }
}

function masked({ found, result, truncated }: Found): Pick<ToolEntry, 'found' | 'result' | 'truncated'> {
  const cut = bounded(redactObject(result));
  const left = [truncated, ...(cut.isCut ? ['details, marked with …'] : [])].filter((t) => t !== undefined).join('; ');
  return { found: oneLine(found), result: cut.result, ...(left ? { truncated: left } : {}) };
}

const oneLine = (text: string): string => redactText(text).replace(/\s+/g, ' ').slice(0, MOST_TEXT);
