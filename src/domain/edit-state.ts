import { sameValue, valueAt, type Edit } from './change.js';
import type { KubeObject } from './kube.js';
import { isMasked, redactObject } from './redact-object.js';

export type EditState = 'before' | 'after' | 'drifted';

/**
 * Where the live object stands: `after` when every edit that stays is already there, `before` when all old values hold.
 * Plans are made from redacted evidence: a value with a mask in it is compared with the live value masked likewise.
 */
export function stateOfEdits(object: KubeObject, edits: readonly Edit[]): EditState {
  let redacted: KubeObject | undefined;
  const stands = (path: string[], value: unknown): boolean =>
    isMasked(value) ? sameValue(valueAt((redacted ??= redactObject(object)), path), value) : sameValue(valueAt(object, path), value);
  if (edits.every((e) => e.isTransient === true || stands(e.path, e.after))) return 'after';
  if (edits.every((e) => stands(e.path, e.before))) return 'before';
  return 'drifted';
}
