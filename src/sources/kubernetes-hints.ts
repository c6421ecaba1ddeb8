import type { TargetHint } from '../domain/signal.js';

type Labels = Readonly<Record<string, string>>;

interface Row {
  kind: string;
  apiVersion: string;
  isClusterScoped?: boolean;
}

/**
 * Labels of kube-state-metrics and cAdvisor that name an object, most specific first. `job` is missing on purpose: it is the
 * scrape job; a Kubernetes Job is `job_name`.
 */
const BY_LABEL: readonly (Row & { label: string })[] = [
  { label: 'pod', kind: 'Pod', apiVersion: 'v1' },
  { label: 'pod_name', kind: 'Pod', apiVersion: 'v1' },
  { label: 'job_name', kind: 'Job', apiVersion: 'batch/v1' },
  { label: 'cronjob', kind: 'CronJob', apiVersion: 'batch/v1' },
  { label: 'replicaset', kind: 'ReplicaSet', apiVersion: 'apps/v1' },
  { label: 'deployment', kind: 'Deployment', apiVersion: 'apps/v1' },
  { label: 'statefulset', kind: 'StatefulSet', apiVersion: 'apps/v1' },
  { label: 'daemonset', kind: 'DaemonSet', apiVersion: 'apps/v1' },
  { label: 'horizontalpodautoscaler', kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v2' },
  { label: 'hpa', kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v2' },
  { label: 'persistentvolumeclaim', kind: 'PersistentVolumeClaim', apiVersion: 'v1' },
  { label: 'poddisruptionbudget', kind: 'PodDisruptionBudget', apiVersion: 'policy/v1' },
  { label: 'resourcequota', kind: 'ResourceQuota', apiVersion: 'v1' },
  { label: 'persistentvolume', kind: 'PersistentVolume', apiVersion: 'v1', isClusterScoped: true },
  { label: 'node', kind: 'Node', apiVersion: 'v1', isClusterScoped: true },
  { label: 'nodename', kind: 'Node', apiVersion: 'v1', isClusterScoped: true },
  { label: 'service', kind: 'Service', apiVersion: 'v1' },
];

const NAMESPACE: Row = { kind: 'Namespace', apiVersion: 'v1', isClusterScoped: true };

/** Lower case → how it is written. Senders that name a kind may only name one of these. */
const BY_KIND = new Map([...BY_LABEL, NAMESPACE].map((row): [string, Row] => [row.kind.toLowerCase(), row]));

/** Kinds that a sender may name. */
export const KNOWN_KINDS: readonly string[] = [...new Set([...BY_KIND.values()].map(({ kind }) => kind))];

/** An object that is named outright; undefined unless all of it is legal, since it becomes a workflow id and a request path. */
export function hintFor(named: { kind?: string; namespace?: string; name?: string }): TargetHint | undefined {
  const row = BY_KIND.get(named.kind?.toLowerCase() ?? '');
  const name = legalName(named.name);
  const namespace = legalName(named.namespace);
  if (row === undefined || name === undefined || (!row.isClusterScoped && namespace === undefined)) return undefined;
  return { kind: row.kind, apiVersion: row.apiVersion, ...(row.isClusterScoped ? {} : { namespace }), name };
}

/**
 * Exporters that speak about other objects. Prometheus adds the labels of the *exporter's* pod and service to what it scrapes;
 * taking these for the object in trouble would point every deployment alert at kube-state-metrics.
 */
const EXPORTER = /kube-state-metrics|node-exporter|blackbox-exporter|kubelet/;

/** What the labels name, most specific first; the exporter's own pod and service last. */
export function hintsOf(labels: Labels): TargetHint[] {
  const namespace = nameIn(labels, 'exported_namespace', 'namespace');
  const hints: TargetHint[] = [];
  const lastResort: TargetHint[] = [];
  for (const { label, kind, apiVersion, isClusterScoped } of BY_LABEL) {
    const name = nameIn(labels, `exported_${label}`, label);
    if (name === undefined || (!isClusterScoped && namespace === undefined)) continue;
    const hint = { kind, apiVersion, ...(isClusterScoped ? {} : { namespace }), name };
    (isOfExporter(labels, label, name) ? lastResort : hints).push(hint);
  }
  if (hints.length === 0) hints.push(...lastResort);
  if (hints.length === 0 && namespace !== undefined) hints.push({ kind: NAMESPACE.kind, apiVersion: NAMESPACE.apiVersion, name: namespace });
  return hints;
}

const isOfExporter = (labels: Labels, label: string, name: string): boolean =>
  (label === 'pod' || label === 'service') && EXPORTER.test(labels.job ?? '') && EXPORTER.test(name);

/** The first of these labels that is a legal object name. Anything else never reaches a workflow id or a request path. */
function nameIn(labels: Labels, ...keys: string[]): string | undefined {
  for (const key of keys) {
    const name = legalName(Object.hasOwn(labels, key) ? labels[key] : undefined);
    if (name !== undefined) return name;
  }
  return undefined;
}

const legalName = (text: string | undefined): string | undefined =>
  text !== undefined && text.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text) ? text : undefined;
