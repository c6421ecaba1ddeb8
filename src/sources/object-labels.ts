import type { TargetHint } from '../domain/signal.js';

export type Labels = Readonly<Record<string, string>>;

export interface Row {
  kind: string;
  apiVersion: string;
  isClusterScoped?: boolean;
}

export interface LabelRow extends Row {
  label: string;
  /** Service discovery gives it to whatever is scraped, so it may name who told instead of who is told about. */
  isOfTarget?: boolean;
  /** What a pod beside it must be to be meant: one of its own pods, or never. */
  pods?: 'its own' | 'never';
}

/**
 * Labels of kube-state-metrics and cAdvisor that name an object, most specific first. `job` is missing on purpose: it is the
 * scrape job; a Kubernetes Job is `job_name`.
 */
export const BY_LABEL: readonly LabelRow[] = [
  { label: 'pod', kind: 'Pod', apiVersion: 'v1', isOfTarget: true },
  { label: 'pod_name', kind: 'Pod', apiVersion: 'v1' },
  { label: 'job_name', kind: 'Job', apiVersion: 'batch/v1', pods: 'its own' },
  { label: 'cronjob', kind: 'CronJob', apiVersion: 'batch/v1', pods: 'its own' },
  { label: 'replicaset', kind: 'ReplicaSet', apiVersion: 'apps/v1', pods: 'its own' },
  { label: 'deployment', kind: 'Deployment', apiVersion: 'apps/v1', pods: 'its own' },
  { label: 'statefulset', kind: 'StatefulSet', apiVersion: 'apps/v1', pods: 'its own' },
  { label: 'daemonset', kind: 'DaemonSet', apiVersion: 'apps/v1', pods: 'its own' },
  { label: 'horizontalpodautoscaler', kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v2', pods: 'never' },
  { label: 'hpa', kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v2', pods: 'never' },
  { label: 'persistentvolumeclaim', kind: 'PersistentVolumeClaim', apiVersion: 'v1' },
  { label: 'poddisruptionbudget', kind: 'PodDisruptionBudget', apiVersion: 'policy/v1', pods: 'never' },
  { label: 'resourcequota', kind: 'ResourceQuota', apiVersion: 'v1', pods: 'never' },
  { label: 'persistentvolume', kind: 'PersistentVolume', apiVersion: 'v1', isClusterScoped: true, pods: 'never' },
  { label: 'node', kind: 'Node', apiVersion: 'v1', isClusterScoped: true },
  { label: 'nodename', kind: 'Node', apiVersion: 'v1', isClusterScoped: true },
  { label: 'service', kind: 'Service', apiVersion: 'v1', isOfTarget: true },
];

export const NAMESPACE: Row = { kind: 'Namespace', apiVersion: 'v1', isClusterScoped: true };

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

export const valueOf = (labels: Labels, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);

/** The first of these labels that is a legal object name. Anything else never reaches a workflow id or a request path. */
export function nameIn(labels: Labels, ...keys: string[]): string | undefined {
  for (const key of keys) {
    const name = legalName(valueOf(labels, key));
    if (name !== undefined) return name;
  }
  return undefined;
}

export const legalName = (text: string | undefined): string | undefined =>
  text !== undefined && text.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text) ? text : undefined;
