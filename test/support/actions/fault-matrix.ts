import { createExecute, type ActionActivities } from '../../../src/activities/execute.js';
import { actions, type ActionId } from '../../../src/actions/index.js';
import { connectCluster, type ConnectedCluster } from '../../../src/adapters/kubernetes/connect-cluster.js';
import { refOfChange, sameValue, type Change } from '../../../src/domain/change.js';
import { isKubernautError } from '../../../src/domain/errors.js';
import type { Step } from '../../../src/domain/plan.js';
import { shortHash } from '../../../src/domain/target.js';
import { act } from '../act.js';
import { FAULTS, namedObject, startFaultProxy, type Armed, type Call, type Fault, type FaultProxy } from '../fault-proxy.js';
import type { LiveCase, Scene } from './action-case.js';
import { ACTION_CASES } from './index.js';
import { describeWrite, type LedgerLine, type Stage } from './stage.js';

/** Every request of ours that is not answered within this is lost: a hang shall not cost a test ten seconds. */
const REQUEST_TIMEOUT_MS = 2000;
/** What the proxy's 429 says. */
const RETRY_AFTER_MS = 1000;

export interface Play extends LiveCase {
  id: ActionId;
  /** `restart_pod, rolling` */
  title: string;
  /** What it needs for itself, where that is more than a namespace: two of these are never played at once. */
  shares: 'nodes' | 'network' | 'mesh' | undefined;
}

const SHARED: Partial<Record<ActionId, Play['shares']>> = { migrate_workload: 'nodes', restart_network: 'network', reset_service_mesh: 'mesh' };

export const PLAYS: Play[] = (Object.entries(ACTION_CASES) as [ActionId, (typeof ACTION_CASES)[ActionId]][]).flatMap(([id, { live }]) =>
  live.map((one) => ({ ...one, id, title: one.name ? `${id}, ${one.name}` : id, shares: SHARED[id] ?? (actions.get(id).targets.includes('Node') ? 'nodes' : undefined) })),
);

/** The stage seen through a line that can be made to fail. */
export interface FaultyStage {
  stage: Stage;
  proxy: FaultProxy;
  cluster: ConnectedCluster;
  execute: ActionActivities;
  close(): Promise<void>;
}

export async function throughProxy(stage: Stage, dir: string): Promise<FaultyStage> {
  const proxy = await startFaultProxy({ kubeconfig: stage.plane.kubeconfig, pkiDir: stage.plane.pkiDir, dir });
  const executor = { name: 'test', kubeconfig: proxy.lead(stage.identities.executor) };
  const cluster = await connectCluster({ name: 'test', kubeconfig: proxy.lead(stage.identities.reader), executor, userAgentVersion: '9.9.9', requestTimeoutMs: REQUEST_TIMEOUT_MS });
  const execute = createExecute({ cluster: () => cluster, actions, clock: { now: () => new Date().toISOString() }, settleMs: 1000 });
  return {
    stage, proxy, cluster, execute,
    async close() {
      await cluster.close();
      await proxy.close();
    },
  };
}

/** A scene with its planned step, which may be played again and again where its undo is exact. */
export interface Prepared {
  play: Play;
  scene: Scene;
  step: Step;
  actionId: string;
  before: unknown;
}

export async function prepare({ stage, cluster }: FaultyStage, play: Play): Promise<Prepared> {
  const actionId = stage.newActionId();
  const scene = await play.prepare(stage);
  const version = await inStep(stage.cluster, scene);
  const step = stage.planned({ action: play.id, actionId, ...scene });
  await inStep(cluster, scene, version);
  return { play, scene, step, actionId, before: await pictureOf(stage, scene) };
}

/** The cache has what the API server has now: what cleaned up after the last scene included. Gives the version. */
export async function inStep(cluster: ConnectedCluster, { ref }: Scene, version?: number): Promise<number> {
  const least = version ?? Number((await cluster.read(ref))?.metadata.resourceVersion);
  await cluster.waitFor((w) => (Number(w.get(ref.kind, ref.namespace, ref.name)?.metadata.resourceVersion) >= least ? true : undefined), AbortSignal.timeout(20_000));
  return least;
}

export const pictureOf = async (stage: Stage, scene: Scene): Promise<unknown> => {
  const live = await stage.cluster.read(scene.ref);
  return live && scene.picture(live);
};

/** What one activity (with its retries) came to, and what the API server has on record of it. */
export interface Run {
  /** `applied`, `already_applied`, or the code of the refusal. */
  outcome: string;
  message: string;
  writes: LedgerLine[];
  picture: unknown;
  hit: Call | undefined;
  calls: Call[];
}

export async function run(faulty: FaultyStage, prepared: Prepared, mode: 'apply' | 'undo', fault?: { fault: Fault; nth?: number }): Promise<Run> {
  const { stage, proxy, execute } = faulty;
  const { step, actionId, scene } = prepared;
  const hash = shortHash(actionId);
  const isOurs = (call: Call): boolean => call.action === hash || (call.action === undefined && call.isRead && step.changes.some((change) => isAbout(change, call.path)));
  const earlier = (await stage.ledger(actionId)).length;
  const from = proxy.calls.length;
  const armed: Armed | undefined = fault && proxy.arm({ ...fault, of: isOurs });
  const reply = await act(execute, { step, actionId, mode }, 12).catch((error: unknown) => error);
  armed?.disarm();
  const { outcome, message } = outcomeOf(reply);
  return { outcome, message, writes: (await stage.ledger(actionId)).slice(earlier), picture: await pictureOf(stage, scene), hit: armed?.hit, calls: proxy.calls.slice(from).filter(isOurs) };
}

/** The plural stands between namespace and name, and a reference does not carry it. */
function isAbout(change: Change, path: string): boolean {
  const { namespace, name } = refOfChange(change);
  const object = namedObject(path) ?? '';
  return object.endsWith(`/${name}`) && (namespace === undefined ? !object.includes('/namespaces/') : object.includes(`/namespaces/${namespace}/`));
}

function outcomeOf(reply: unknown): { outcome: string; message: string } {
  if (isKubernautError(reply)) return { outcome: reply.code, message: reply.message };
  if (reply instanceof Error) return { outcome: 'crashed', message: reply.stack ?? reply.message };
  const { status, detail } = reply as { status: string; detail: string };
  return { outcome: status, message: detail };
}

export const writesOf = ({ writes }: Run): string[] => writes.map(describeWrite).sort();

/** How soon the same object was asked about after it said 429; undefined when not sooner than told. */
function impatience({ hit, calls }: Run): number | undefined {
  if (hit?.fault !== 'throttled' || hit.endedAt === undefined) return undefined;
  const again = calls.find((c) => c !== hit && c.at > hit.at && namedObject(c.path) === namedObject(hit.path));
  const waited = again === undefined ? Infinity : again.at - hit.endedAt;
  return waited < RETRY_AFTER_MS ? waited : undefined;
}

/** What a faultless run came to: every other one is held against it. */
export interface Reference {
  writes: string[];
  picture: unknown;
}

export interface Injected {
  fault: Fault;
  /** Which write (or read, of `stale read`). From 1. */
  nth: number;
}

export const nameOf = ({ fault, nth }: Injected): string => (nth === 1 ? fault : `${fault}, no. ${String(nth)}`);

/** Every fault at the first write, and at the second where there is one. */
export const everyFault = (writes: number): Injected[] => [1, ...(writes > 1 ? [2] : [])].flatMap((nth) => FAULTS.map((fault) => ({ fault, nth })));

/** `ok`, what it did not do, or undefined where there was nothing to hit (no such read or write). */
function judge(one: Run, reference: Reference, { fault, nth }: Injected): string | undefined {
  if (one.hit !== undefined) return complaints(one, reference)[0] ?? 'ok';
  return (fault === 'stale read' || nth > 1) && one.outcome === 'applied' ? undefined : `never met the fault, ${one.outcome}: ${one.message}`;
}

function complaints(one: Run, reference: Reference): string[] {
  const early = impatience(one);
  const writes = writesOf(one);
  const isSame = reference.picture === undefined || sameValue(one.picture, reference.picture);
  return [
    ...(early === undefined ? [] : [`asked again after ${String(early)} ms`]),
    ...(one.outcome === 'applied' ? [] : [`${one.outcome}: ${one.message}`]),
    ...(sameValue(writes, reference.writes) ? [] : [`wrote ${writes.join(', ') || 'nothing'} instead of ${reference.writes.join(', ')}`]),
    ...(isSame ? [] : [`left ${JSON.stringify(one.picture)} instead of ${JSON.stringify(reference.picture)}`]),
  ];
}

export interface Cell {
  title: string;
  fault: string;
  apply: string | undefined;
  /** Undefined where it cannot be undone. */
  undo: string | undefined;
}

/**
 * One scene for all faults where the undo is exact: apply under the fault, undo under the same, and again with the next.
 * Otherwise every fault gets a scene of its own.
 */
export async function playFaults(faulty: FaultyStage, play: Play, choose: (writes: number) => Injected[]): Promise<Cell[]> {
  const cells: Cell[] = [];
  let set = await setUp(faulty, play);
  try {
    for (const injected of choose(set.prepared.scene.writes.length)) {
      if (cells.length > 0 && !isAsBefore(cells.at(-1)!)) {
        await leave(faulty.stage, set.prepared.scene);
        set = await setUp(faulty, play);
      }
      cells.push(await playOne(faulty, set, injected));
    }
    return cells;
  } finally {
    await leave(faulty.stage, set.prepared.scene);
  }
}

interface Setting {
  prepared: Prepared;
  /** Where the undo is exact. */
  faultless: Faultless | undefined;
}

async function setUp(faulty: FaultyStage, play: Play): Promise<Setting> {
  const prepared = await prepare(faulty, play);
  return { prepared, faultless: prepared.step.undo.kind === 'exact' ? await undone(faulty, prepared) : undefined };
}

/** Applied and exactly undone: the next fault can start from here. */
const isAsBefore = ({ apply, undo }: Cell): boolean => apply === 'ok' && undo === 'ok';

async function playOne(faulty: FaultyStage, { prepared, faultless }: Setting, injected: Injected): Promise<Cell> {
  const expected = faultless?.apply ?? { writes: [...prepared.scene.writes].sort(), picture: undefined };
  const apply = judge(await run(faulty, prepared, 'apply', injected), expected, injected);
  const undo = faultless && judge(await run(faulty, prepared, 'undo', injected), faultless.undo, injected);
  return { title: prepared.play.title, fault: nameOf(injected), apply, undo };
}

interface Faultless {
  apply: Reference;
  undo: Reference;
}

export const leave = async (stage: Stage, scene: Scene): Promise<void> => void (await (scene.clean ? scene.clean() : stage.forget(scene.ref.namespace)));

async function undone(faulty: FaultyStage, prepared: Prepared): Promise<Faultless> {
  const apply = await run(faulty, prepared, 'apply');
  const undo = await run(faulty, prepared, 'undo');
  const problem = [apply, undo].find((one) => one.outcome !== 'applied');
  if (problem) throw new Error(`${prepared.play.title} fails without any fault: ${problem.outcome}: ${problem.message}`);
  return { apply: { writes: writesOf(apply), picture: apply.picture }, undo: { writes: writesOf(undo), picture: prepared.before } };
}

/** Runs what it is given, so many at a time. */
export function lanes(count: number): <T>(job: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (job) => {
    if (free === 0) await new Promise<void>((go) => waiting.push(go));
    else free -= 1;
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** Groups whose members do not get in each other's way: those with a namespace of their own, then the others. */
export function groupsOf(plays: readonly Play[]): Play[][] {
  const groups: Play[][] = [plays.filter((p) => !p.shares)];
  for (const play of plays.filter((p) => p.shares)) {
    const fitting = groups.slice(1).find((group) => group.every((other) => other.shares !== play.shares));
    if (fitting) fitting.push(play);
    else groups.push([play]);
  }
  return groups.filter((group) => group.length > 0);
}

/** All plays, side by side where they may be; those that need the cluster for themselves come after. */
export function playAll<T>(plays: readonly Play[], count: number, job: (play: Play) => Promise<T>): Map<string, Promise<T>> {
  const inLane = lanes(count);
  const results = new Map<string, Promise<T>>();
  const settled = (): Promise<unknown> => Promise.allSettled([...results.values()]);
  for (const play of plays.filter((p) => !p.shares)) results.set(play.title, inLane(() => job(play)));
  for (const play of plays.filter((p) => p.shares)) {
    const before = settled();
    results.set(play.title, before.then(() => job(play)));
  }
  for (const result of results.values()) result.catch(() => undefined); // whoever asks for it hears of it
  return results;
}
