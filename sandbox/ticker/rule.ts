import type { ClusterView } from '../simulator/world.js';

export type Labels = Record<string, string>;

/** One thing that is wrong right now, by one rule. */
export interface Active {
  labels: Labels;
  annotations: { summary: string; description: string };
}

/** A rule of the kube-prometheus family; `active` is pure over the cluster's state. */
export interface Rule {
  alertname: string;
  severity: 'warning' | 'critical' | 'info';
  /** How long it must hold before it fires; kube-prometheus' minutes are seconds here. */
  forMs: number;
  active(view: ClusterView, nowMs: number): Active[];
}

type LabelValue = string | undefined;

/** Drops labels without a value and adds what every rule of kube-state-metrics carries. */
export function labelsOf(labels: Record<string, LabelValue>, job = 'kube-state-metrics'): Labels {
  const present = Object.entries({ ...labels, job }).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries(present);
}

export const runbookUrl = (alertname: string): string => `https://runbooks.prometheus-operator.dev/runbooks/kubernetes/${alertname.toLowerCase()}`;

/** A counter the API leaves out when it is zero. */
export const count = (status: Record<string, unknown> | undefined, field: string): number => Number(status?.[field] ?? 0);
