import type { KubeObject } from '../domain/kube.js';

const BUILT_IN = ['v1', 'apps/v1', 'batch/v1'];
/** Marks of operators that set no owner reference, or could be told to set none (Zalando's PostgreSQL, Elastic, Strimzi). */
const MARKS = /^(common\.k8s\.elastic\.co|strimzi\.io|acid\.zalan\.do|cnpg\.io|psmdb\.percona\.com|crunchydata\.com)\//;

/**
 * The operator that owns a workload, in words; undefined where none does. Stricter than the check of the field owner (C5):
 * what an operator merely looks after counts too, because members of its cluster must join and leave by its own rules.
 */
export function operatorOf({ metadata }: KubeObject): string | undefined {
  const owner = (metadata.ownerReferences ?? []).find((o) => !BUILT_IN.includes(o.apiVersion));
  if (owner) return `${owner.kind} ${owner.name}`;
  const labels = metadata.labels ?? {};
  const manager = labels['app.kubernetes.io/managed-by'];
  if (manager && /operator/i.test(manager)) return manager;
  if (labels['application'] === 'spilo') return 'the PostgreSQL operator (label application=spilo)';
  const mark = [...Object.keys(labels), ...Object.keys(metadata.annotations ?? {})].find((key) => MARKS.test(key));
  return mark && `the operator that set ${mark}`;
}
