import { Type } from '@sinclair/typebox';
import { revisionOf, rolloutOf } from '../../../analyzers/reading/rollout.js';
import { KubernautError } from '../../../domain/errors.js';
import type { KubeObject } from '../../../domain/kube.js';
import { redactObject } from '../../../domain/redact-object.js';
import { canonicalJson } from '../../../domain/sha256.js';
import { defineTool } from '../define.js';

const MOST = 60;
/** Differs between any two revisions and says nothing. */
const NOISE = /^metadata\.(labels\.pod-template-hash|creationTimestamp)$/;

export const rolloutDiff = defineTool({
  id: 'rollout_diff',
  summary: 'What differs between the pod templates of two revisions of a Deployment. Default: the current one against the one before. Masked values that differ have different masks.',
  kinds: ['Deployment'],
  args: Type.Object({ from: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })), to: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })) }, { additionalProperties: false }),
  run({ from, to }, { world, object }) {
    const { current, earlier } = rolloutOf(world, object);
    const sets = [...(current ? [current] : []), ...earlier];
    const known = sets.map(revisionOf).sort((a, b) => b - a);
    const later = revisionIn(sets, to ?? known[0], known);
    const before = revisionIn(sets, from ?? known.find((r) => r < revisionOf(later)), known);
    const all = differences(redactObject(before.spec?.template), redactObject(later.spec?.template));
    const shown = all.slice(0, MOST);
    return {
      found: `revision ${revisionOf(before)} → ${revisionOf(later)}: ${all.length === 0 ? 'no difference' : shown.slice(0, 4).map((d) => d.path).join(', ')}`,
      result: { from: revisionOf(before), to: revisionOf(later), revisions: known, differences: shown },
      ...(all.length > shown.length ? { truncated: `${all.length - shown.length} more differences` } : {}),
    };
  },
});

function revisionIn(sets: readonly KubeObject[], wanted: number | undefined, known: readonly number[]): KubeObject {
  const found = sets.find((rs) => revisionOf(rs) === wanted);
  if (!found) throw new KubernautError('InvalidParams', known.length < 2 ? 'there is only one revision: nothing to compare it with' : `there is no revision ${wanted ?? ''}; there are ${known.join(', ')}`);
  return found;
}

interface Difference {
  path: string;
  from?: unknown;
  to?: unknown;
}

/** Lists of named things (containers, variables, volumes) are compared by name, so that one that moved is no difference. */
function differences(from: unknown, to: unknown, path = ''): Difference[] {
  if (canonicalJson(from ?? null) === canonicalJson(to ?? null) || NOISE.test(path)) return [];
  const a = membersOf(from);
  const b = membersOf(to);
  if (!a || !b) return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) => differences(a.get(key), b.get(key), path ? `${path}.${key}` : key));
}

function membersOf(value: unknown): Map<string, unknown> | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const names = value.map((item: { name?: unknown } | null) => item?.name);
  const isNamed = names.length > 0 && new Set(names).size === names.length && names.every((n) => typeof n === 'string');
  return isNamed ? new Map(value.map((item: { name: string }) => [item.name, item])) : undefined;
}
