import { valueAt, type Edit } from '../../domain/change.js';
import { stateOfEdits, type EditState } from '../../domain/edit-state.js';
import type { KubeObject } from '../../domain/kube.js';
import { quantityOf } from '../../domain/quantity.js';

/** Maps of quantities. The server rewrites them (`0.5` → `500m`, `1024Mi` → `1Gi`), so text comparison would call our own write a drift. */
const QUANTITY_MAPS = new Set(['requests', 'limits', 'hard']);

/** `stateOfEdits`, with quantities compared by what they mean. */
export function stateOnServer(live: KubeObject, edits: readonly Edit[]): EditState {
  const plain = stateOfEdits(live, edits);
  if (plain !== 'drifted') return plain;
  const root: Record<string, unknown> = {};
  const canonical = edits.map((e, i) => {
    root[String(i)] = canonicalAt(e.path, valueAt(live, e.path));
    return { ...e, path: [String(i)], before: canonicalAt(e.path, e.before), after: canonicalAt(e.path, e.after) };
  });
  return stateOfEdits(root as unknown as KubeObject, canonical);
}

const canonicalAt = (path: readonly string[], value: unknown): unknown => canonical(value, path.at(-2), path.at(-1));

function canonical(value: unknown, parent: string | undefined, key: string | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => canonical(item, undefined, undefined));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, canonical(v, key, k)]));
  }
  if (parent === undefined || !QUANTITY_MAPS.has(parent)) return value;
  const amount = quantityOf(value as string);
  return Number.isNaN(amount) ? value : amount;
}

/** The paths that no longer hold, for the message. Their values are not told: they may be secret. */
export const driftedPaths = (live: KubeObject, edits: readonly Edit[]): string =>
  edits
    .filter((e) => stateOnServer(live, [{ ...e, isTransient: false }]) === 'drifted')
    .map((e) => e.path.join('.'))
    .slice(0, 5)
    .join(', ') || 'a mix of old and new values';
