import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { actions } from '../../src/actions/index.js';
import { invert, refOfChange, sameValue, type Change } from '../../src/domain/change.js';
import { stateOfEdits } from '../../src/domain/edit-state.js';
import type { KubeObject } from '../../src/domain/kube.js';
import type { Step } from '../../src/domain/plan.js';
import type { RemediateResult } from '../../src/domain/messages.js';
import { TASK_QUEUES } from '../../src/domain/task-queues.js';
import { actionIdOf, shortHash, workflowIdOf } from '../../src/domain/target.js';
import type { TemporalServer } from '../../temporal/dev-server.js';
import type { Scene } from '../support/actions/action-case.js';
import { inStep, lanes, leave, pictureOf, type Play } from '../support/actions/fault-matrix.js';
import { describeWrite, type Stage } from '../support/actions/stage.js';
import { startFaultProxy, type Call, type FaultProxy, type Moment } from '../support/fault-proxy.js';
import { planAnswer, signalOf } from '../support/scripted-activities.js';
import { startTestTemporal } from '../support/servers.js';
import type { Asked, WorkerSettings } from './protocol.js';
import { buildWorker, type WorkerProcess, type WorkerProgram } from './worker-process.js';

/** Where the worker is killed. `between`: after the first of several writes, before the second. */
export const POINTS = ['before the write', 'between two writes', 'after the write, before the reply', 'while converging', 'before the result is reported'] as const;
export type Point = (typeof POINTS)[number];

export interface Kill {
  point: Point;
  mode: 'apply' | 'undo';
}

export const KILLS: Kill[] = (['apply', 'undo'] as const).flatMap((mode) => POINTS.map((point) => ({ point, mode })));

export const nameOfKill = ({ point, mode }: Kill): string => (mode === 'undo' ? `undo: ${point}` : point);

/** One remediation that is killed at one point. */
export interface Victim {
  play: Play;
  kill: Kill;
}

export interface Fate {
  title: string;
  kill: string;
  /** `ok`, what went wrong, or undefined where the action has no such point (no second write, no undo). */
  result: string | undefined;
}

export interface CrashLab {
  stage: Stage;
  proxy: FaultProxy;
  temporal: TemporalServer;
  client: Client;
  program: WorkerProgram;
  /** How many writes each action turned out to have, by title: what has no second one needs no scene to show it. */
  lengths: Map<string, Record<Kill['mode'], number>>;
  close(): Promise<void>;
}

const SCENES_AT_ONCE = 3;
/** For all to come to where they are killed. */
const ARRIVAL_MS = 60_000;
/** For the rest, heartbeat timeout (15 s) and the next attempt included. */
const END_MS = 180_000;

export async function openLab(stage: Stage, dir: string): Promise<CrashLab> {
  const proxy = await startFaultProxy({ kubeconfig: stage.plane.kubeconfig, pkiDir: stage.plane.pkiDir, dir });
  const temporal = await startTestTemporal();
  const connection = await Connection.connect({ address: temporal.address });
  const program = await buildWorker();
  return {
    stage, proxy, temporal, program, lengths: new Map(),
    client: new Client({ connection, namespace: temporal.namespace }),
    async close() {
      program.remove();
      await connection.close();
      await temporal.stop();
      await proxy.close();
    },
  };
}

/** A remediation about to run. */
interface Case extends Victim {
  scene: Scene;
  step: Step;
  actionId: string;
  workflowId: string;
  remediationId: string;
  before: unknown;
  /** Set when it is held at its point. */
  isThere: boolean;
}

/**
 * Prepares all scenes, starts all remediations, lets each run into its point, kills the worker once when all are there,
 * starts another one, and looks at what became of them.
 */
export async function crash(lab: CrashLab, victims: readonly Victim[]): Promise<Fate[]> {
  const inLane = lanes(SCENES_AT_ONCE);
  const worthwhile = victims.filter((victim) => mayHavePoint(lab, victim));
  const prepared = await Promise.all(worthwhile.map((victim) => inLane(() => prepareCase(lab, victim).catch((error: unknown) => ({ ...victim, error })))));
  const unprepared = prepared.flatMap((one) => ('step' in one ? [] : [fateOf(one, `no scene: ${String(one.error)}`)]));
  const cases = prepared.filter((one): one is Case => 'step' in one && mayHavePoint(lab, one));
  const pointless = victims.filter((victim) => !mayHavePoint(lab, victim)).map((victim) => fateOf(victim, undefined));
  try {
    return [...unprepared, ...pointless, ...(await killAndFinish(lab, cases))];
  } finally {
    lab.proxy.onWrite = undefined;
    for (const one of prepared) if ('scene' in one) await leave(lab.stage, one.scene).catch(() => undefined);
  }
}

const fateOf = ({ play, kill }: Victim, result: string | undefined): Fate => ({ title: play.title, kill: nameOfKill(kill), result });

let serial = 0;

async function prepareCase({ stage, lengths }: CrashLab, { play, kill }: Victim): Promise<Case> {
  const scene = await play.prepare(stage);
  await inStep(stage.cluster, scene);
  const workflowId = workflowIdOf({ cluster: 'test', ...scene.ref });
  const remediationId = `r-${String(++serial).padStart(10, '0')}`;
  const actionId = actionIdOf(remediationId, workflowId, 0);
  const step = stage.planned({ action: play.id, actionId, ...scene });
  lengths.set(play.title, { apply: scene.writes.length, undo: undoOf(step).length });
  return { play, kill, scene, step, actionId, workflowId, remediationId, before: await pictureOf(stage, scene), isThere: false };
}

/** What is left to undo: a step that takes its own write back (the cordon of a migration) has left its undo nothing to write. */
const undoOf = (step: Step): Change[] => (step.undo.kind === 'none' ? [] : step.undo.changes.filter((c) => !step.changes.some((own) => isDeepStrictEqual(own, c))));

/** What is to be seen in the end. */
const lasting = (changes: readonly Change[]): Change[] => changes.filter((c) => !changes.some((other) => isDeepStrictEqual(invert(c), other)));

/** Is there such a moment in the life of this action? Before the first scene only what the catalogue says is known. */
function mayHavePoint({ lengths }: CrashLab, { play, kill }: Victim): boolean {
  if (kill.mode === 'undo' && typeof actions.get(play.id).undo === 'object') return false;
  const writes = lengths.get(play.title)?.[kill.mode] ?? Infinity;
  return writes >= (kill.point === 'between two writes' ? 2 : 1);
}

async function killAndFinish(lab: CrashLab, cases: Case[]): Promise<Fate[]> {
  if (cases.length === 0) return [];
  const settings = settingsFor(lab, cases);
  const gate = gateFor(cases);
  lab.proxy.onWrite = gate.onWrite;
  const first = await lab.program.start(settings, gate.onAsked);
  const handles = await Promise.all(cases.map(async (one) => [one, await start(lab.client, one)] as const));
  const results: Results = new Map(handles.map(([one, handle]) => [one, handle.result().catch((error: Error) => error) as Promise<RemediateResult | Error>]));
  await arrival(cases, results);
  const strangers = cases.filter((one) => !one.isThere);
  await first.kill();
  await sleep(200); // its sockets are closed by now
  gate.open();
  const second = await lab.program.start(settings, () => Promise.resolve());
  return finish(lab, cases, { results, strangers, second });
}

type Results = Map<Case, Promise<RemediateResult | Error>>;

async function arrival(cases: Case[], results: Results): Promise<void> {
  const ended = new Set<Case>();
  for (const [one, result] of results) void result.then(() => ended.add(one));
  for (const until = Date.now() + ARRIVAL_MS; Date.now() < until && !cases.every((one) => one.isThere || ended.has(one)); ) await sleep(100);
  await sleep(300);
}

async function finish(lab: CrashLab, cases: Case[], { results, strangers, second }: { results: Results; strangers: Case[]; second: WorkerProcess }): Promise<Fate[]> {
  try {
    const fates: Fate[] = [];
    for (const one of cases) {
      const result = await Promise.race([results.get(one)!, sleep(END_MS, new Error('did not end'), { ref: false })]);
      const problems = [...(strangers.includes(one) ? ['never came to the point'] : []), ...(await complaints(lab.stage, one, result))];
      fates.push(fateOf(one, problems.length > 0 ? problems.join('; ') : 'ok'));
    }
    return fates;
  } finally {
    await second.kill();
    for (const one of cases) await lab.client.workflow.getHandle(one.workflowId).terminate('end of the test').catch(() => undefined);
  }
}

function settingsFor({ temporal, proxy, stage }: CrashLab, cases: Case[]): WorkerSettings {
  return {
    temporal: { address: temporal.address, namespace: temporal.namespace },
    kubeconfig: proxy.lead(stage.identities.reader),
    executor: proxy.lead(stage.identities.executor),
    plans: Object.fromEntries(cases.map((one) => [one.workflowId, planAnswer(one.step)])),
    harmful: cases.filter((one) => one.kill.mode === 'undo').map((one) => one.workflowId),
  };
}

const POINT_OF: Record<Asked['at'], Point | undefined> = { starting: undefined, converging: 'while converging', reporting: 'before the result is reported' };

/** Holds each case at its own point until it is opened. */
function gateFor(cases: Case[]) {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let isOpen = false;
  const modes = new Map<string, Asked['mode']>();
  const seen = new Map<string, number>();
  const byHash = new Map(cases.map((one) => [shortHash(one.actionId), one]));
  const byWorkflow = new Map(cases.map((one) => [one.workflowId, one]));
  const hold = (one: Case): Promise<void> => ((one.isThere = true), opened);
  return {
    open: () => ((isOpen = true), open()),
    async onWrite(call: Call, moment: Moment): Promise<void> {
      const one = byHash.get(call.action ?? '');
      const mode = (one && modes.get(one.workflowId)) ?? 'apply';
      if (isOpen || !one || mode !== one.kill.mode) return;
      const key = `${one.workflowId} ${moment}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      if (isAt(one.kill.point, moment, seen.get(key)!)) await hold(one);
    },
    async onAsked({ at, workflowId, mode }: Asked): Promise<void> {
      const one = byWorkflow.get(workflowId);
      if (at === 'starting') modes.set(workflowId, mode);
      if (one && !isOpen && mode === one.kill.mode && one.kill.point === POINT_OF[at]) await hold(one);
    },
  };
}

/** Writes are counted from one: a step that writes several objects side by side is held at every one from there on. */
function isAt(point: Point, moment: Moment, nth: number): boolean {
  if (point === 'before the write') return moment === 'before';
  if (point === 'between two writes') return moment === 'before' && nth > 1;
  return point === 'after the write, before the reply' && moment === 'after';
}

function start(client: Client, { step, workflowId, remediationId }: Case): Promise<WorkflowHandle> {
  return client.workflow.start('remediate', {
    workflowId, taskQueue: TASK_QUEUES.workflows,
    args: [{ remediationId, target: step.target, first: signalOf(), horizons: [{ name: 'soon', afterMs: 200 }], isCoLocated: true, hasModel: false, channels: [], links: {} }],
  });
}

/** No duplicate side effect by the audit log, and the right end. */
async function complaints(stage: Stage, one: Case, result: RemediateResult | Error): Promise<string[]> {
  const { kill, scene, step } = one;
  if (result instanceof Error) return [`the workflow failed: ${result.message}`];
  const isUndone = kill.mode === 'undo';
  const expected = isUndone ? 'rolled_back' : 'fixed';
  const writes = (await stage.ledger(one.actionId)).map(describeWrite);
  const more = writes.length - scene.writes.length;
  const isDuplicated = isUndone ? more < 1 || more > undoOf(step).length : !sameValue([...writes].sort(), [...scene.writes].sort());
  return [
    ...(result.outcome === expected ? [] : [`ended ${result.outcome}: ${result.reason ?? ''}`]),
    ...(isDuplicated ? [`wrote ${writes.join(', ')} instead of ${scene.writes.join(', ')}${isUndone ? ' and the undo' : ''}`] : []),
    ...(await endState(stage, one)),
  ];
}

async function endState(stage: Stage, { kill, scene, step, before }: Case): Promise<string[]> {
  const picture = await pictureOf(stage, scene);
  if (kill.mode === 'undo' && step.undo.kind === 'exact') return sameValue(picture, before) ? [] : [`the undo left ${JSON.stringify(picture)}`];
  const problems = await Promise.all((kill.mode === 'undo' ? undoOf(step) : lasting(step.changes)).map((change) => notThere(stage, change)));
  return problems.filter((p) => p !== undefined);
}

/** Says when the change cannot be seen on the live object; undefined where it is one that does not stay visible. */
async function notThere(stage: Stage, change: Change): Promise<string | undefined> {
  const { name } = refOfChange(change);
  const live = await stage.cluster.read(refOfChange(change));
  return isThere(change, live) ? undefined : `${change.op} of ${name} is not to be seen`;
}

function isThere(change: Change, live: KubeObject | undefined): boolean {
  switch (change.op) {
    case 'edit': // a controller answers an edit of a status at once
      return live === undefined || change.subresource !== undefined || stateOfEdits(live, change.edits) === 'after';
    case 'scale':
      return live?.spec.replicas === change.after;
    case 'evict':
    case 'delete':
      return live?.metadata.uid !== change.uid;
    default:
      return true;
  }
}
