import { sameValue, valueAt, type Edit } from '../../domain/change.js';
import type { KubeObject } from '../../domain/kube.js';

export interface PatchOp {
  op: 'test' | 'add' | 'replace' | 'remove';
  path: string;
  value?: unknown;
}

export const LAST_ACTION = 'kubernaut.io/last-action';

type Container = Record<string, unknown> | unknown[];

/**
 * A JSON Patch (RFC 6902) that only this version of this object accepts. Edits with equal before and after are guards.
 * Missing parents are made, removing what is absent is left out: both would be refused by the server.
 */
export function patchOf(live: KubeObject, edits: readonly Edit[], actionId: string | undefined): PatchOp[] {
  const copy = structuredClone(live);
  const ops: PatchOp[] = [
    { op: 'test', path: '/metadata/uid', value: live.metadata.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
  ];
  for (const edit of edits) ops.push(...(isGuard(edit) ? guard(copy, edit) : write(copy, edit.path, edit.after)));
  if (actionId !== undefined) ops.push(...write(copy, ['metadata', 'annotations', LAST_ACTION], actionId));
  return ops;
}

/** By what the plan says, masks included: an unchanged secret is a guard too. */
const isGuard = (e: Edit): boolean => sameValue(e.before, e.after);

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** Absence cannot be tested in JSON Patch; the resourceVersion test covers it. The live spelling is used: `1Gi` and `1024Mi` are equal, not the same. */
function guard(copy: KubeObject, edit: Edit): PatchOp[] {
  const live = valueAt(copy, edit.path);
  return isAbsent(live) ? [] : [{ op: 'test', path: pointer(edit.path), value: live }];
}

function write(copy: KubeObject, path: readonly string[], after: unknown): PatchOp[] {
  const existing = valueAt(copy, path);
  if (isAbsent(after)) {
    if (existing === undefined) return [];
    removeAt(copy, path);
    return [{ op: 'remove', path: pointer(path) }];
  }
  if (existing !== undefined) {
    setAt(copy, path, after);
    return [{ op: 'replace', path: pointer(path), value: after }];
  }
  const made = missingParents(copy, path);
  setAt(copy, path, after);
  return [...made, { op: 'add', path: pointer(path), value: after }];
}

/** One `add` of an empty object (or list, when the next key is an index) for each parent that is not there. */
function missingParents(copy: KubeObject, path: readonly string[]): PatchOp[] {
  const ops: PatchOp[] = [];
  for (let depth = 1; depth < path.length; depth++) {
    const parent = path.slice(0, depth);
    if (!isAbsent(valueAt(copy, parent))) continue;
    const empty = path[depth] === '0' ? [] : {};
    setAt(copy, parent, empty);
    ops.push({ op: 'add', path: pointer(parent), value: empty });
  }
  return ops;
}

function setAt(root: KubeObject, path: readonly string[], value: unknown): void {
  const holder = valueAt(root, path.slice(0, -1)) as Container;
  (holder as Record<string, unknown>)[path.at(-1)!] = structuredClone(value);
}

function removeAt(root: KubeObject, path: readonly string[]): void {
  const holder = valueAt(root, path.slice(0, -1)) as Container;
  if (Array.isArray(holder)) holder.splice(Number(path.at(-1)), 1);
  else delete holder[path.at(-1)!];
}

/** RFC 6901. */
export const pointer = (path: readonly string[]): string => path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
