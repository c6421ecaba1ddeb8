import type { KubeObject, ObjectRef } from './kube.js';
import { canonicalJson, hashOf } from './sha256.js';

/** One absolute field value: `path` is a list of keys (array indexes as text), `undefined` means absent. */
export interface Edit {
  path: string[];
  before?: unknown;
  after?: unknown;
  /**
   * Written with the others and compared before the write, never after it: its controller moves it on at once
   * (a phase, the time of a request).
   */
  isTransient?: boolean;
}

/** What Patroni's REST API is asked for. Names and bounds, all pinned; who sends it finds the addresses. */
export type PatroniRequest =
  | {
      kind: 'switchover';
      leader: string;
      candidate: string;
      /** How far the candidate may be behind, and how long ago the last change of leader must be. */
      limits: { lagBytes: number; lagS: number; minIntervalS: number };
    }
  | {
      kind: 'reinitialize';
      leader: string;
      member: string;
      /** A PostgreSQL that started after this is not the one that was to be replaced. */
      startedBefore: string;
    };

/**
 * A write, fully pinned when planned. The engine re-reads, compares, then writes once:
 * all `after` already there → nothing to do; a `before` that differs → PreconditionChanged (Drifted when undoing).
 * Being before/after data, the inverse of an edit or a scale is the same change read backwards.
 */
export type Change =
  | { op: 'edit'; ref: ObjectRef; uid: string; edits: Edit[]; subresource?: 'status' | 'resize' | 'ephemeralcontainers' }
  | { op: 'scale'; ref: ObjectRef; uid: string; before: number; after: number }
  | { op: 'create'; object: KubeObject }
  /** Removes what `create` made, if it is still ours and nobody adopted or changed it. */
  | { op: 'withdraw'; object: KubeObject }
  /**
   * `edited`: only while these edits of ours still hold. One that never got them, or has its old values back, stays;
   * one that somebody changed since is theirs.
   */
  | { op: 'delete'; ref: ObjectRef; uid: string; edited?: Edit[] }
  | { op: 'evict'; ref: ObjectRef; uid: string }
  | ExecChange
  /** A request to a service that runs in this pod, where no Kubernetes object stands for what is wanted. */
  | { op: 'call'; ref: ObjectRef; uid: string; service: 'patroni'; request: PatroniRequest };

/**
 * Runs one fixed program in a container, never a shell, to make or to remove one file. The file is looked at first:
 * when it stands as wanted there is nothing to do. Read backwards it is its own inverse.
 */
export interface ExecChange {
  op: 'exec';
  /** The pod. */
  ref: ObjectRef;
  uid: string;
  container: string;
  argv: string[];
  /** What takes it back. */
  inverse: string[];
  file: string;
  /** How the file stands afterwards. */
  isThere: boolean;
  timeoutS: number;
  /** The file is on a volume that goes with the pod: a pod that is gone needs no undo. */
  diesWithPod: boolean;
}

export const refOfChange = (c: Change): ObjectRef =>
  c.op === 'create' || c.op === 'withdraw'
    ? { apiVersion: c.object.apiVersion, kind: c.object.kind, namespace: c.object.metadata.namespace, name: c.object.metadata.name }
    : c.ref;

/** The exact inverse, or undefined where there is none (evict, delete, call). */
export function invert(change: Change): Change | undefined {
  switch (change.op) {
    case 'edit':
      return { ...change, edits: change.edits.map((e) => ({ ...e, before: e.after, after: e.before })).reverse() };
    case 'scale':
      return { ...change, before: change.after, after: change.before };
    case 'create':
      return { op: 'withdraw', object: change.object };
    case 'exec':
      return { ...change, argv: change.inverse, inverse: change.argv, isThere: !change.isThere };
    default:
      return undefined;
  }
}

/** In reverse order; undefined when any part has no inverse. */
export function invertAll(changes: readonly Change[]): Change[] | undefined {
  const inverses = [...changes].reverse().map(invert);
  return inverses.every((c) => c !== undefined) ? inverses : undefined;
}

export function valueAt(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (at !== null && typeof at === 'object' && Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined),
    object,
  );
}

export const sameValue = (a: unknown, b: unknown): boolean =>
  canonicalJson(a ?? null) === canonicalJson(b ?? null);

/** `spec.replicas 2 → 4`, for people. */
export const describeEdit = (e: Edit): string => `${e.path.join('.')} ${short(e.before)} → ${short(e.after)}`;

/** What a step writes, as records keep it: dotted path, value and before-value as JSON (a hash of long ones). */
export const writesOf = (changes: readonly Change[]): { path: string; value: string; before: string }[] =>
  changes.flatMap((c) => {
    if (c.op === 'scale') return [{ path: 'spec.replicas', value: recorded(c.after), before: recorded(c.before) }];
    if (c.op !== 'edit') return [];
    return c.edits.filter((e) => !sameValue(e.before, e.after)).map((e) => ({ path: e.path.join('.'), value: recorded(e.after), before: recorded(e.before) }));
  });

function recorded(value: unknown): string {
  const text = canonicalJson(value ?? null);
  return text.length > 200 ? `sha256:${hashOf(value)}` : text;
}

function short(value: unknown): string {
  if (value === undefined || value === null) return '(none)';
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
