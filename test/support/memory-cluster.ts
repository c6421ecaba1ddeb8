import type { Change, ExecChange } from '../../src/domain/change.js';
import { stateOfEdits } from '../../src/domain/edit-state.js';
import { KubernautError } from '../../src/domain/errors.js';
import { worldOf, type KubeObject, type World } from '../../src/domain/kube.js';
import type { ApplyOptions, ChangeOutcome, Cluster, ExecOptions, ExecResult } from '../../src/domain/ports.js';
import { edited } from './objects.js';

/** A Cluster in memory for what a real one cannot be made to do on demand: refuse at the third write, never converge, vanish. */
export interface MemoryCluster extends Cluster {
  objects: KubeObject[];
  /** Every write that was asked for, in order. */
  asked: { change: Change; options: ApplyOptions }[];
  /** Throws to refuse a write. */
  onApply?: (change: Change) => void | Promise<void>;
  /** Files that commands have made. */
  files: Set<string>;
  /** What programs answer. Default: they end well and say nothing. */
  onExec?: (options: ExecOptions) => ExecResult | Promise<ExecResult>;
  /** Replaces the objects and wakes everybody who waits. */
  set(objects: KubeObject[]): void;
}

export function memoryCluster(initial: KubeObject[]): MemoryCluster {
  const waiting = new Set<() => void>();
  const notPart = (): never => {
    throw new Error('not part of this test');
  };
  const cluster: MemoryCluster = {
    name: 'test',
    objects: initial,
    asked: [],
    files: new Set(),
    isHealthy: () => true,
    world: () => worldOf(cluster.objects),
    resolve: notPart,
    list: ({ kind, namespace }) => Promise.resolve({ items: cluster.world().list(kind, namespace), isCut: false }),
    read: (ref) => Promise.resolve(cluster.world().get(ref.kind, ref.namespace, ref.name)),
    async apply(change, options) {
      cluster.asked.push({ change, options });
      await cluster.onApply?.(change);
      const dry = write(cluster, change, { ...options, isDryRun: true });
      if (dry.status === 'dry_run' && !options.isDryRun) await options.beforeWrite?.();
      return write(cluster, change, options);
    },
    waitFor: <T>(isDone: (world: World) => T | undefined, signal: AbortSignal) =>
      new Promise<T>((resolve, reject) => {
        const onAbort = (): void => {
          waiting.delete(look);
          reject(signal.reason as Error);
        };
        const look = (): void => {
          const result = isDone(cluster.world());
          if (result === undefined) return;
          waiting.delete(look);
          signal.removeEventListener('abort', onAbort);
          resolve(result);
        };
        if (signal.aborted) return onAbort();
        signal.addEventListener('abort', onAbort);
        waiting.add(look);
        look();
      }),
    logs: (pod, { container }) => Promise.resolve(`log of ${pod.name}/${container}`),
    exec: async (_pod, options) => (await cluster.onExec?.(options)) ?? { exitCode: 0, stdout: '', stderr: '' },
    events: () => [],
    isAllowed: () => Promise.resolve(true),
    close: () => Promise.resolve(),
    set(objects) {
      cluster.objects = objects;
      for (const look of [...waiting]) look();
    },
  };
  return cluster;
}

function create(cluster: MemoryCluster, object: KubeObject, isDryRun: boolean): ChangeOutcome {
  if (isDryRun) return { status: 'dry_run' };
  cluster.set([...cluster.objects, object]);
  return { status: 'applied', object };
}

function write(cluster: MemoryCluster, change: Change, { isDryRun, isUndo }: ApplyOptions): ChangeOutcome {
  if (change.op === 'create') return create(cluster, change.object, isDryRun === true);
  if (change.op === 'withdraw' || change.op === 'call') throw new Error('not part of this test');
  const { kind, namespace, name } = change.ref;
  const object = cluster.world().get(kind, namespace, name);
  const put = (next: KubeObject | undefined): ChangeOutcome => {
    if (isDryRun) return { status: 'dry_run' };
    cluster.set(cluster.objects.flatMap((o) => (o === object ? (next ? [next] : []) : [o])));
    return { status: 'applied' };
  };
  if (change.op === 'evict' || change.op === 'delete') return object?.metadata.uid === change.uid ? put(undefined) : { status: 'already_applied' };
  if (change.op === 'exec') return ran(cluster, change, isDryRun === true);
  return edit(object, change, isUndo === true, put);
}

function ran({ files }: MemoryCluster, { file, isThere }: ExecChange, isDryRun: boolean): ChangeOutcome {
  if (isDryRun) return { status: 'dry_run' };
  if (files.has(file) === isThere) return { status: 'already_applied' };
  if (isThere) files.add(file);
  else files.delete(file);
  return { status: 'applied' };
}

function edit(object: KubeObject | undefined, change: Extract<Change, { op: 'edit' | 'scale' }>, isUndo: boolean, put: (next: KubeObject) => ChangeOutcome): ChangeOutcome {
  const { kind, name } = change.ref;
  if (!object) throw new KubernautError('TargetNotFound', `${kind} ${name} is gone`);
  const edits = change.op === 'scale' ? [{ path: ['spec', 'replicas'], before: change.before, after: change.after }] : change.edits;
  const state = stateOfEdits(object, edits);
  if (state === 'after') return { status: 'already_applied' };
  if (state === 'drifted') throw new KubernautError(isUndo ? 'Drifted' : 'PreconditionChanged', `${kind} ${name} differs`);
  return put(edited(object, edits));
}
