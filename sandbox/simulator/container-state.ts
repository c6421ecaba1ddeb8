import { deathOf, startupMsOf, unmetDependency, unreadinessOf, type Death, type Surroundings, type Unreadiness } from './container-faults.js';
import { eventAbout, startContainer, type Step } from './container-start.js';
import type { ContainerMemory, PodEvent, Run, Stage } from './memory.js';
import { timeText, withLines } from './memory.js';
import { probeFailure } from './probes.js';

export interface ContainerOutcome extends Step {
  /** When to look again if nothing else happens; Infinity = only when the world changes. */
  nextCheckAtMs: number;
}

const crashBackoffCapMs = 10_000;
const pullRetryCapMs = 10_000;
const shownMs = 400;
/** A container that held out this long has earned a fresh back-off. */
const forgivenAfterMs = 30_000;
const unreadyAfterMs = 1000;
const complaintEveryMs = 10_000;
const configRetryMs = 10_000;

const backoffMs = (failures: number, capMs: number): number => Math.min(capMs, 1000 * 2 ** Math.max(0, failures - 1));
export const crashBackoffMs = (memory: ContainerMemory): number => backoffMs(memory.crashes, crashBackoffCapMs);
const pullRetryMs = (memory: ContainerMemory): number => backoffMs(memory.pullFailures + 1, pullRetryCapMs);

type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** Init containers restart until they succeed unless the pod says Never; sidecars restart always. */
export function restartPolicyOf({ container, pod, isInit }: Surroundings): RestartPolicy {
  if (container.restartPolicy === 'Always') return 'Always';
  // a guest runs once
  if (pod.spec.ephemeralContainers?.includes(container)) return 'Never';
  const policy = (pod.spec.restartPolicy ?? 'Always') as RestartPolicy;
  return isInit && policy === 'Always' ? 'OnFailure' : policy;
}

const mayRestart = (around: Surroundings, exitCode: number): boolean => {
  const policy = restartPolicyOf(around);
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
};

function died(memory: ContainerMemory, run: Run, death: Death, around: Surroundings): Step {
  const { now } = around;
  const wasSteady = now - run.startedMs > forgivenAfterMs;
  const exited = {
    exitCode: death.exitCode,
    reason: death.reason,
    startedAt: timeText(run.startedMs),
    finishedAt: timeText(now),
    containerID: run.id,
  };
  return {
    memory: {
      ...memory,
      stage: 'crashed',
      sinceMs: now,
      exited,
      run: undefined,
      crashes: wasSteady ? 1 : memory.crashes + 1,
      log: withLines(memory.log, now, ...(death.log ? [death.log] : [])),
    },
    events: death.killing ? [eventAbout(around, 'Normal', 'Killing', death.killing)] : [],
  };
}

/** An application repeats its complaint now and then, not at every look. */
function complain(memory: ContainerMemory, run: Run, text: string | undefined, now: number): ContainerMemory {
  if (text === undefined) {
    run.complaint = undefined;
    return memory;
  }
  if (run.complaint?.text === text && now - run.complaint.atMs < complaintEveryMs) return memory;
  run.complaint = { text, atMs: now };
  return { ...memory, log: withLines(memory.log, now, text) };
}

function probeEvents(run: Run, around: Surroundings, readinessProblem: string | undefined, wasTold: boolean): PodEvent[] {
  const { container, image, pod, now } = around;
  const problems: [string, string | undefined][] = [
    ['Liveness', run.livenessFailingSinceMs === now && container.livenessProbe ? probeFailure(container.livenessProbe, container, image, pod) : undefined],
    ['Startup', run.startupFailingSinceMs === now && container.startupProbe ? probeFailure(container.startupProbe, container, image, pod) : undefined],
    ['Readiness', wasTold ? undefined : readinessProblem],
  ];
  return problems.flatMap(([which, what]) => (what ? [eventAbout(around, 'Warning', 'Unhealthy', `${which} probe failed: ${what}`)] : []));
}

interface Alive {
  memory: ContainerMemory;
  run: Run;
  death?: Death;
}

/** What every running container goes through: death when it is due, silence while it starts, its lines once it is up. */
function livesOn(memory: ContainerMemory, previous: Run, around: Surroundings, startupMs: number): ContainerOutcome | Alive {
  const { now, image } = around;
  const run: Run = { ...previous };
  const death = deathOf(run, around);
  if (death && now >= death.atMs) return { ...died(memory, run, death, around), nextCheckAtMs: now };
  const upAtMs = run.startedMs + startupMs;
  if (now < upAtMs) return { memory: { ...memory, run }, events: [], nextCheckAtMs: Math.min(upAtMs, death?.atMs ?? Infinity) };
  const log = run.hasAnnouncedStart ? memory.log : withLines(memory.log, now, ...image.logs);
  run.hasAnnouncedStart = true;
  return { memory: { ...memory, log }, run, death };
}

/** Ready flips at once to true, and to false only after failing for a while, like a probe with a threshold. */
function judgeReadiness(run: Run, isUnready: boolean, now: number): void {
  if (isUnready) run.unreadySinceMs ??= now;
  else run.unreadySinceMs = undefined;
  const isTolerated = run.isReady && now - (run.unreadySinceMs ?? now) < unreadyAfterMs;
  run.isReady = !isUnready || isTolerated;
}

/** When something that is only a matter of time happens next. */
function nextLook({ run, death }: Alive, isUnready: boolean, around: Surroundings): number {
  const { now, image } = around;
  const checks = [death?.atMs ?? Infinity];
  if (isUnready) checks.push(run.isReady ? (run.unreadySinceMs ?? now) + unreadyAfterMs : (run.complaint?.atMs ?? now) + complaintEveryMs);
  // answers of the authorizer are only kept fresh while somebody asks
  if (image.access.length > 0) checks.push(now + complaintEveryMs);
  return Math.min(...checks);
}

const complaintOf = (why: Unreadiness | undefined): string | undefined => why && (why.log ?? why.probe ?? '');

function runApp(memory: ContainerMemory, previous: Run, around: Surroundings): ContainerOutcome {
  const { now, image } = around;
  const alive = livesOn(memory, previous, around, startupMsOf(image, false));
  if ('nextCheckAtMs' in alive) return alive;
  const { run } = alive;
  const why = unreadinessOf(around);
  const wasTold = run.unreadySinceMs !== undefined && run.complaint !== undefined && now - run.complaint.atMs < complaintEveryMs;
  const told = complain(alive.memory, run, complaintOf(why), now);
  // a probe's problem stays out of the application's own log
  const kept = why && !why.log ? alive.memory : told;
  judgeReadiness(run, why !== undefined, now);
  return { memory: { ...kept, run }, events: probeEvents(run, around, why?.probe, wasTold), nextCheckAtMs: nextLook(alive, why !== undefined, around) };
}

/** An init container is through once it started up and everything it waits for answers. */
function runInit(memory: ContainerMemory, previous: Run, around: Surroundings): ContainerOutcome {
  const { now, image } = around;
  const alive = livesOn(memory, previous, around, startupMsOf(image, true));
  if ('nextCheckAtMs' in alive) return alive;
  const { run, death } = alive;
  const waiting = unmetDependency(around);
  const told = complain(alive.memory, run, waiting, now);
  if (!death && !waiting) return { ...died(told, run, { atMs: now, exitCode: 0, reason: 'Completed' }, around), nextCheckAtMs: now };
  return { memory: { ...told, run }, events: [], nextCheckAtMs: Math.min(death?.atMs ?? Infinity, waiting ? now + complaintEveryMs : Infinity) };
}

const isSidecar = (around: Surroundings): boolean => around.container.restartPolicy === 'Always';

function afterCrash(memory: ContainerMemory, around: Surroundings): ContainerOutcome {
  const { now, pod, container } = around;
  if (!mayRestart(around, memory.exited?.exitCode ?? 0)) {
    return { memory: { ...memory, stage: 'done' }, events: [], nextCheckAtMs: Infinity };
  }
  const shownUntilMs = memory.sinceMs + shownMs;
  if (now < shownUntilMs) return { memory, events: [], nextCheckAtMs: shownUntilMs };
  const message = `Back-off restarting failed container ${container.name} in pod ${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid})`;
  return {
    memory: { ...memory, stage: 'crash_backoff' },
    events: [eventAbout(around, 'Warning', 'BackOff', message)],
    nextCheckAtMs: memory.sinceMs + shownMs + crashBackoffMs(memory),
  };
}

function afterPullFailure(memory: ContainerMemory, around: Surroundings): ContainerOutcome {
  const shownUntilMs = memory.sinceMs + 1000;
  if (around.now < shownUntilMs) return { memory, events: [], nextCheckAtMs: shownUntilMs };
  return {
    memory: { ...memory, stage: 'pull_backoff', sinceMs: around.now },
    events: [
      eventAbout(around, 'Normal', 'BackOff', `Back-off pulling image "${around.container.image}"`),
      eventAbout(around, 'Warning', 'Failed', 'Error: ImagePullBackOff'),
    ],
    nextCheckAtMs: around.now + pullRetryMs(memory),
  };
}

function start(memory: ContainerMemory, around: Surroundings, mountProblem: string | undefined): ContainerOutcome {
  const step = startContainer(memory, around, mountProblem);
  return { ...step, nextCheckAtMs: step.memory.stage === 'config_error' ? around.now + configRetryMs : around.now };
}

function waitThenStart(dueMs: number, memory: ContainerMemory, around: Surroundings, mountProblem: string | undefined): ContainerOutcome {
  return around.now >= dueMs ? start(memory, around, mountProblem) : { memory, events: [], nextCheckAtMs: dueMs };
}

/** A missing reference is looked up whenever the world changes; the event is repeated only now and then. */
function retryConfig(memory: ContainerMemory, around: Surroundings, mountProblem: string | undefined): ContainerOutcome {
  const outcome = start(memory, around, mountProblem);
  const isSame = outcome.memory.stage === 'config_error' && outcome.memory.problem === memory.problem;
  const dueMs = memory.sinceMs + configRetryMs;
  return isSame && around.now < dueMs ? { memory, events: [], nextCheckAtMs: dueMs } : outcome;
}

function keepRunning(memory: ContainerMemory, around: Surroundings, mountProblem: string | undefined): ContainerOutcome {
  if (!memory.run) return start(memory, around, mountProblem);
  return around.isInit && !isSidecar(around) ? runInit(memory, memory.run, around) : runApp(memory, memory.run, around);
}

type StageRule = (memory: ContainerMemory, around: Surroundings, mountProblem: string | undefined) => ContainerOutcome;
const rest: StageRule = (memory) => ({ memory, events: [], nextCheckAtMs: Infinity });

const stageRules: Record<Stage, StageRule> = {
  new: start,
  creating: (memory, around, mountProblem) => (mountProblem ? rest : start)(memory, around, mountProblem),
  config_error: retryConfig,
  pull_failed: afterPullFailure,
  pull_backoff: (memory, around, mountProblem) => waitThenStart(memory.sinceMs + pullRetryMs(memory), memory, around, mountProblem),
  crash_backoff: (memory, around, mountProblem) => waitThenStart(memory.sinceMs + shownMs + crashBackoffMs(memory), memory, around, mountProblem),
  crashed: afterCrash,
  running: keepRunning,
  done: rest,
};

/** A changed image in a running pod's spec replaces the container, as a kubelet does. */
function withCurrentImage(memory: ContainerMemory, around: Surroundings): Step {
  if (memory.image === around.container.image) return { memory, events: [] };
  const fresh = { ...memory, image: around.container.image, isPulled: false, stage: 'new' as const, sinceMs: around.now, crashes: 0, pullFailures: 0 };
  if (!memory.run) return { memory: fresh, events: [] };
  const killing = `Container ${around.container.name} definition changed, will be restarted`;
  const exited = { exitCode: 143, reason: 'Error', startedAt: timeText(memory.run.startedMs), finishedAt: timeText(around.now), containerID: memory.run.id };
  return { memory: { ...fresh, run: undefined, exited }, events: [eventAbout(around, 'Normal', 'Killing', killing)] };
}

/**
 * One container, one moment: applies the table of sandbox.md 2 until nothing more happens now. Pure: the same
 * surroundings and memory give the same answer.
 */
export function containerStateOf(memory: ContainerMemory, around: Surroundings, mountProblem?: string): ContainerOutcome {
  const current = withCurrentImage(memory, around);
  let outcome: ContainerOutcome = { ...current, nextCheckAtMs: around.now };
  const events = [...current.events];
  for (let turn = 0; turn < 6 && outcome.nextCheckAtMs <= around.now; turn++) {
    const before = outcome.memory.stage;
    outcome = stageRules[before](outcome.memory, around, mountProblem);
    events.push(...outcome.events);
    if (outcome.memory.stage === before) break;
  }
  return { memory: outcome.memory, events, nextCheckAtMs: outcome.nextCheckAtMs };
}
