import { Type } from '@sinclair/typebox';
import { revisionOf, rolloutOf } from '../../../analyzers/reading/rollout.js';
import { KubernautError } from '../../../domain/errors.js';
import { controllerOf, type KubeObject, type World } from '../../../domain/kube.js';
import { redactObject } from '../../../domain/redact-object.js';
import { canonicalJson } from '../../../domain/sha256.js';
import { defineTool } from '../define.js';

const MOST = 60;
/** Differs between any two revisions and says nothing. */
const NOISE = /^(metadata\.(labels\.(pod-template-hash|controller-revision-hash)|creationTimestamp)|\$patch|spec\.\$patch)$/;

export const rolloutDiff = defineTool({
  id: 'rollout_diff',
  summary: 'What differs between the pod templates of two revisions of a Deployment, StatefulSet or DaemonSet. Default: the current one against the one before. Masked values that differ have different masks.',
  kinds: ['Deployment', 'StatefulSet', 'DaemonSet'],
  args: Type.Object({ from: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })), to: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })) }, { additionalProperties: false }),
  run({ from, to }, { world, object }) {
    const revisions = revisionsOf(world, object);
    const later = revisionIn(revisions, to ?? revisions[0]?.number);
    const before = revisionIn(revisions, from ?? revisions.find((r) => r.number < later.number)?.number);
    const all = differences(redactObject(before.template), redactObject(later.template));
    const shown = all.slice(0, MOST);
    return {
      found: `revision ${before.number} → ${later.number}: ${all.length === 0 ? 'no difference' : shown.slice(0, 4).map((d) => d.path).join(', ')}`,
      result: { from: before.number, to: later.number, revisions: revisions.map((r) => r.number), differences: shown },
      ...(all.length > shown.length ? { truncated: `${all.length - shown.length} more differences` } : {}),
    };
  },
});

interface Revision {
  number: number;
  template: unknown;
}

/** Newest first: ReplicaSets of a Deployment, ControllerRevisions of what keeps those. */
function revisionsOf(world: World, workload: KubeObject): Revision[] {
  const numbered = workload.kind === 'Deployment' ? setsOf(world, workload) : world.ownedBy(workload.metadata.uid ?? '').filter((o) => o.kind === 'ControllerRevision' && controllerOf(o)?.uid === workload.metadata.uid).map((o) => ({ number: Number(o.revision ?? 0), template: o.data?.spec?.template as unknown }));
  return numbered.sort((a, b) => b.number - a.number);
}

function setsOf(world: World, deployment: KubeObject): Revision[] {
  const { current, earlier } = rolloutOf(world, deployment);
  return [...(current ? [current] : []), ...earlier].map((rs) => ({ number: revisionOf(rs), template: rs.spec?.template as unknown }));
}

function revisionIn(revisions: readonly Revision[], wanted: number | undefined): Revision {
  const found = revisions.find((r) => r.number === wanted);
  if (found) return found;
  throw new KubernautError('InvalidParams', revisions.length < 2 ? 'there is only one revision: nothing to compare it with' : `there is no revision ${wanted ?? ''}; there are ${revisions.map((r) => r.number).join(', ')}`);
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
