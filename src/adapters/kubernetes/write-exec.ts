import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecChange } from '../../domain/change.js';
import { isKubernautError, KubernautError } from '../../domain/errors.js';
import type { KubeObject } from '../../domain/kube.js';
import type { ChangeOutcome, ExecResult } from '../../domain/ports.js';
import { redactText } from '../../domain/redact.js';
import { describeTarget } from '../../domain/target.js';
import { askAccess } from './access-review.js';
import { alreadyDone, done, sameObjectOrThrow, type Writer } from './write.js';

/** Runs a program in the container of the change. */
export type Run = (argv: readonly string[], timeoutMs: number) => Promise<ExecResult>;

const LOOK_MS = 15_000;
/** A file whose size is the same after this long is not being written any more: nothing can be watched inside a container. */
const STABLE_AFTER_MS = 1_500;
const NO_PROGRAM = 127;

/** Looks at the file, runs the command when the file does not stand as wanted, and looks again. A dry run looks at the pod alone. */
export async function writeExec(w: Writer, change: ExecChange, run: Run): Promise<ChangeOutcome> {
  const pod = await podOf(w, change);
  if (!pod) return alreadyDone();
  checkContainer(w, pod, change);
  if (w.options.isDryRun) {
    await checkAllowed(w, change);
    return done(w);
  }
  if (await standsAsWanted(change, run)) return alreadyDone();
  await w.options.beforeWrite?.();
  const result = await run(change.argv, change.timeoutS * 1000);
  if (result.exitCode !== 0) throw failed(change, result);
  if (!(await standsAsWanted(change, run))) {
    throw new KubernautError('ConvergeFailed', `${at(change)}: ${change.argv[0]} ended well but ${change.file} is ${change.isThere ? 'not there' : 'still there'}${said(result)}; look at it`);
  }
  return done(w);
}

/** Undefined: undoing, and the file went with its pod. */
async function podOf(w: Writer, change: ExecChange): Promise<KubeObject | undefined> {
  try {
    return sameObjectOrThrow(await w.read(change.ref, false), change.ref, change.uid);
  } catch (error) {
    if (!w.options.isUndo || !isKubernautError(error, 'TargetNotFound', 'TargetReplaced')) throw error;
    if (change.diesWithPod) return undefined;
    throw new KubernautError('InverseUnavailable', `${describeTarget(change.ref)} is gone, its volume may still hold ${change.file}; remove it by hand`, error);
  }
}

function checkContainer(w: Writer, pod: KubeObject, change: ExecChange): void {
  const statuses: { name: string; state?: { running?: object } }[] = pod.status?.containerStatuses ?? [];
  if (statuses.some((s) => s.name === change.container && s.state?.running)) return;
  // an undo can wait for a container that is being started again
  throw new KubernautError(w.options.isUndo ? 'ConflictTransient' : 'PreconditionChanged', `${at(change)} is not running, nothing can be run in it; plan again when it is`);
}

/** There is no dry run of a command: a missing right must show before somebody is asked to approve. */
async function checkAllowed({ rest }: Writer, change: ExecChange): Promise<void> {
  for (const verb of ['get', 'create']) {
    const isAllowed = await askAccess(rest, { verb, group: '', resource: 'pods', subresource: 'exec', namespace: change.ref.namespace });
    if (!isAllowed) throw new KubernautError('Forbidden', `${at(change)}: we may not ${verb} pods/exec in namespace ${change.ref.namespace}; bind the role of heap dumps there, it is off by default`);
  }
}

async function standsAsWanted(change: ExecChange, run: Run): Promise<boolean> {
  const first = await sizeOf(change, run);
  return change.isThere ? first !== undefined && isWhole(change, first, run) : first === undefined;
}

/** Another attempt's command may still be writing: wait until the size stays. An empty file is nobody's result. */
async function isWhole(change: ExecChange, first: number, run: Run): Promise<boolean> {
  const until = Date.now() + change.timeoutS * 1000;
  for (let before = first; ; ) {
    await sleep(STABLE_AFTER_MS);
    const now = await sizeOf(change, run);
    if (now === undefined) return false;
    if (now === before) return now > 0;
    if (Date.now() > until) throw new KubernautError('OutcomeUnknown', `${at(change)}: ${change.file} is still growing; look again later`);
    before = now;
  }
}

/** Undefined when it is not there. */
async function sizeOf(change: ExecChange, run: Run): Promise<number | undefined> {
  const result = await run(['stat', '-c', '%s', change.file], LOOK_MS);
  if (result.exitCode === NO_PROGRAM) throw failed({ ...change, argv: ['stat'] }, result);
  return result.exitCode === 0 && /^\d+\s*$/.test(result.stdout) ? Number(result.stdout) : undefined;
}

function failed(change: ExecChange, result: ExecResult): KubernautError {
  if (result.exitCode === NO_PROGRAM) return new KubernautError('Unsupported', `${at(change)} has no ${change.argv[0]}${said(result)}; add it to the image or choose another action`);
  return new KubernautError('ConvergeFailed', `${at(change)}: ${change.argv[0]} ended with ${result.exitCode}${said(result)}; look at the container`);
}

const at = (change: ExecChange): string => `container ${change.container} of ${describeTarget(change.ref)}`;

function said({ stdout, stderr }: ExecResult): string {
  const text = redactText((stderr || stdout).trim()).slice(0, 200);
  return text ? ` (${text})` : '';
}
