import type { Edit } from '../../change.js';
import type { KubeObject } from '../../kube.js';
import { quantityOf } from '../../quantity.js';
import { desiredReplicas } from '../../status.js';
import type { Check, SafetyFacts } from '../facts.js';
import { findingsOf, targetText } from './finding.js';
import { subjectOf } from './subject.js';

const { deny } = findingsOf('quota');

/** Growth must fit every ResourceQuota and LimitRange of the namespace (C8). What does not grow needs no room. */
export const quota: Check = (f) => {
  const subject = subjectOf(f);
  const growth = subject ? growthOf(f, subject) : undefined;
  if (!subject || !growth) return [];
  const hit = f.world.list('ResourceQuota', f.step.target.namespace).flatMap((q) => exceeded(q, growth.needs));
  return [...(hit[0] ? deny('quota', `${targetText(f)}: ${hit[0]}`) : []), ...limitRange(f, growth.containers)];
};

type Amounts = Record<string, number>;
interface Container {
  name: string;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}

/** `pods`, `requests.cpu`, `limits.memory` … that the step needs on top of what is used. */
function growthOf(f: SafetyFacts, subject: KubeObject): { needs: Amounts; containers: Container[] } | undefined {
  const change = f.step.changes[0];
  const containers = containersOf(subject);
  if (change?.op === 'scale') {
    const more = change.after - change.before;
    return more > 0 ? { needs: { ...times(sumOf(containers), more), pods: more, 'count/pods': more }, containers } : undefined;
  }
  if (change?.op !== 'edit' || f.step.action !== 'increase_resources') return undefined;
  const after = containersOf(withEdits(subject, change.edits));
  const grown = minus(sumOf(after), sumOf(containers));
  return { needs: plus(times(grown, desiredReplicas(subject)), times(sumOf(after), surgeOf(subject))), containers: after };
}

const containersOf = (o: KubeObject): Container[] => o.spec?.template?.spec?.containers ?? [];

/** A rolling Deployment puts one pod of the new size beside the old ones. */
const surgeOf = (o: KubeObject): number => (o.kind === 'Deployment' && o.spec?.strategy?.type !== 'Recreate' ? 1 : 0);

function sumOf(containers: readonly Container[]): Amounts {
  const sum: Amounts = {};
  for (const c of containers) {
    for (const kind of ['requests', 'limits'] as const) {
      for (const [name, amount] of Object.entries(c.resources?.[kind] ?? {})) sum[`${kind}.${name}`] = (sum[`${kind}.${name}`] ?? 0) + quantityOf(amount);
    }
  }
  return sum;
}

const times = (a: Amounts, n: number): Amounts => Object.fromEntries(Object.entries(a).map(([k, v]) => [k, v * n]));
const plus = (a: Amounts, b: Amounts): Amounts => Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((k) => [k, (a[k] ?? 0) + (b[k] ?? 0)]));
const minus = (a: Amounts, b: Amounts): Amounts => plus(a, times(b, -1));

function exceeded(q: KubeObject, needs: Amounts): string[] {
  // a scoped quota counts some pods only; the API server decides about those in its dry run
  if (q.spec?.scopes?.length || q.spec?.scopeSelector) return [];
  return Object.entries<string>(q.status?.hard ?? {}).flatMap(([name, hard]) => {
    const need = needs[name] ?? needs[`requests.${name}`] ?? 0;
    const used = quantityOf(q.status?.used?.[name]);
    return need > 0 && used + need > quantityOf(hard) ? [`ResourceQuota ${q.metadata.name} leaves too little ${name} (${q.status?.used?.[name] ?? 0} of ${hard} used)`] : [];
  });
}

function limitRange(f: SafetyFacts, containers: readonly Container[]) {
  const maxima = f.world
    .list('LimitRange', f.step.target.namespace)
    .flatMap((l) => (l.spec?.limits ?? []) as { type: string; max?: Record<string, string> }[])
    .filter((l) => l.type === 'Container' && l.max);
  const over = maxima.flatMap((l) =>
    Object.entries(l.max!).filter(([name, max]) => containers.some((c) => quantityOf(c.resources?.limits?.[name]) > quantityOf(max))),
  );
  return over[0] ? deny('limit_range', `${targetText(f)}: a LimitRange allows at most ${over[0][1]} ${over[0][0]} per container`) : [];
}

function withEdits(object: KubeObject, edits: readonly Edit[]): KubeObject {
  const copy = JSON.parse(JSON.stringify(object)) as KubeObject;
  for (const { path, after } of edits) {
    const last = path.at(-1);
    const parent = path.slice(0, -1).reduce<Record<string, unknown> | undefined>((at, key) => at?.[key] as Record<string, unknown> | undefined, copy);
    if (parent && last !== undefined && last !== '__proto__') parent[last] = after;
  }
  return copy;
}
