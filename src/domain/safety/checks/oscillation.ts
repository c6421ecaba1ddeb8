import type { Change } from '../../change.js';
import type { PastAction } from '../../evidence.js';
import { canonicalJson, hashOf } from '../../sha256.js';
import { isSameObject } from '../../target.js';
import type { Check } from '../facts.js';
import { findingsOf, targetText } from './finding.js';

const { escalate } = findingsOf('oscillation');

/**
 * A→B→A on the same field, by whatever actions: the value that would be written now was replaced by an earlier write.
 * Undone actions do not count: undoing already put their before-value back.
 */
export const oscillation: Check = (f) => {
  const past = f.history.filter((h) => isSameObject(h.target, f.step.target) && !h.wasUndone);
  const hit = writesOf(f.step.changes).find((w) => wasReplaced(w, past));
  return hit ? escalate('oscillation', `${targetText(f)}: ${hit.path} would go back to a value that an earlier action replaced`) : [];
};

interface Write {
  path: string;
  value: unknown;
}

const writesOf = (changes: readonly Change[]): Write[] =>
  changes.flatMap((c) => (c.op === 'edit' ? c.edits.map((e) => ({ path: e.path.join('.'), value: e.after })) : c.op === 'scale' ? [{ path: 'spec.replicas', value: c.after }] : []));

function wasReplaced(write: Write, past: readonly PastAction[]): boolean {
  if (write.path.includes('annotations')) return false;
  const writes = past.flatMap((h) => h.wrote.filter((w) => w.path === write.path));
  // newest first: a value of ours that a newer write of ours replaced, or one recorded as the before of a write
  const wasOurs = writes.some((w, i) => isSame(write.value, w.value) && writes.slice(0, i).some((newer) => newer.value !== w.value));
  return wasOurs || writes.some((w) => w.before !== undefined && isSame(write.value, w.before) && !isSame(write.value, w.value));
}

/** Records keep values as JSON, as plain text, or as a hash of either when they are long. */
const isSame = (value: unknown, recorded: string): boolean =>
  recorded === canonicalJson(value) || recorded === String(value) || recorded === hashOf(value) || recorded === `sha256:${hashOf(value)}`;
