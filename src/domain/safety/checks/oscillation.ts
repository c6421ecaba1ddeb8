import { valueAt, type Change } from '../../change.js';
import type { PastAction } from '../../evidence.js';
import { canonicalJson, hashOf } from '../../sha256.js';
import { isSameObject } from '../../target.js';
import type { Check } from '../facts.js';
import { findingsOf, targetText } from './finding.js';
import { ownChanges } from './subject.js';

const { escalate } = findingsOf('oscillation');

/**
 * A→B→A on the same field, by whatever actions: the value that would be written now was replaced by an earlier write,
 * or it was tried before and undone because it did not help. Undoing itself is no write of its own: it only put a
 * before-value back.
 */
export const oscillation: Check = (f) => {
  const past = f.history.filter((h) => isSameObject(h.target, f.step.target));
  const standing = past.filter((h) => !h.wasUndone);
  // what is for a while is always undone: that says nothing against it
  const undone = f.step.expiresInS === undefined ? past.filter((h) => h.wasUndone) : [];
  for (const write of writesOf(ownChanges(f))) {
    if (wasReplaced(write, standing)) return escalate('oscillation', `${targetText(f)}: ${write.path} would go back to a value that an earlier action replaced`);
    const tried = undone.find((h) => h.wrote.some((w) => isSame(valueWithin(write, w.path), w.value)));
    if (tried) return escalate('oscillation', `${targetText(f)}: ${tried.action} tried the same value of ${write.path} at ${tried.at} and was undone, since it did not help`);
  }
  return [];
};

/** The part of this write that an earlier write was about: a whole template contains the resources that were tried alone. */
function valueWithin(write: Write, path: string): unknown {
  if (path === write.path) return write.value;
  if (!path.startsWith(`${write.path}.`)) return NOTHING;
  return valueAt(write.value, path.slice(write.path.length + 1).split('.')) ?? NOTHING;
}

/** Equal to no record. */
const NOTHING = Symbol('not part of this write');

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
  value !== NOTHING &&
  (recorded === canonicalJson(value) || recorded === String(value) || recorded === hashOf(value) || recorded === `sha256:${hashOf(value)}`);
