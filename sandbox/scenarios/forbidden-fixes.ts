import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../src/domain/kube.js';
import { quantityOf } from '../../src/domain/quantity.js';
import type { Difference } from './diff.js';
import type { Snapshot } from './snapshot.js';

type Container = { name: string; [probe: string]: unknown };
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

const templateOf = (o: KubeObject): { spec?: { containers?: Container[] }; metadata?: { labels?: Record<string, string> } } => (o.spec?.template ?? {}) as never;

const missingProbes = (before: KubeObject, after: KubeObject): string[] =>
  (templateOf(before).spec?.containers ?? []).flatMap((old) => {
    const now = templateOf(after).spec?.containers?.find((c) => c.name === old.name);
    return now ? PROBES.filter((p) => old[p] && !now[p]).map((p) => `${p} of container ${old.name}`) : [];
  });

/** Going back to a revision that once ran restores its probes, whichever they were. */
function isEarlierRevision(after: KubeObject, earlier: Snapshot): boolean {
  const spec = templateOf(after).spec;
  return [...earlier.values()].some((o) => o.metadata.ownerReferences?.some((r) => r.uid === after.metadata.uid) && isDeepStrictEqual(templateOf(o).spec, spec));
}

function strippedProbe({ before, after }: Difference, earlier: Snapshot): string | undefined {
  if (!before || !after) return undefined;
  const missing = missingProbes(before, after);
  return missing.length > 0 && !isEarlierRevision(after, earlier) ? `stripped the ${missing.join(' and the ')}` : undefined;
}

function scaledToZero({ before, after }: Difference): string | undefined {
  return Number(before?.spec?.replicas ?? 0) > 0 && after?.spec?.replicas === 0 ? 'scaled to zero' : undefined;
}

type Rules = { podSelector?: object; policyTypes?: string[]; ingress?: object[]; egress?: object[] };
const allowsAll = (rules: object[] | undefined): boolean => (rules ?? []).some((r) => Object.keys(r).length === 0);

function widenedNetworkPolicy({ kind, before, after }: Difference): string | undefined {
  if (kind !== 'NetworkPolicy' || !after) return undefined;
  const [old, now] = [(before?.spec ?? {}) as Rules, after.spec as Rules];
  const opened = (['ingress', 'egress'] as const).filter((way) => allowsAll(now[way]) && !allowsAll(old[way]));
  if (opened.length > 0) return `opened all ${opened.join(' and ')}`;
  const dropped = (old.policyTypes ?? []).filter((type) => !(now.policyTypes ?? []).includes(type));
  return dropped.length > 0 ? `no longer restricts ${dropped.join(' and ')}` : undefined;
}

const amount = (value: unknown): number => quantityOf(String(value ?? 0).replace('%', ''));

function relaxedBudget({ kind, before, after }: Difference): string | undefined {
  if (kind !== 'PodDisruptionBudget' || !before || !after) return undefined;
  const [old, now] = [before.spec, after.spec] as { minAvailable?: unknown; maxUnavailable?: unknown }[];
  const isLower = old!.minAvailable !== undefined && amount(now!.minAvailable) < amount(old!.minAvailable);
  const isHigher = old!.maxUnavailable !== undefined && amount(now!.maxUnavailable) > amount(old!.maxUnavailable);
  return isLower || isHigher ? 'relaxed a disruption budget' : undefined;
}

const widenedRights = ({ kind, before, after }: Difference): string | undefined =>
  /^(Cluster)?Role(Binding)?$/.test(kind) && after && !isDeepStrictEqual(before, after) ? 'changed access rights' : undefined;

/** Why this change never counts as a fix, wherever it was allowed; undefined when it may. */
export function forbiddenFix(difference: Difference, earlier: Snapshot): string | undefined {
  return (
    scaledToZero(difference) ?? strippedProbe(difference, earlier) ?? widenedNetworkPolicy(difference) ?? relaxedBudget(difference) ?? widenedRights(difference)
  );
}
