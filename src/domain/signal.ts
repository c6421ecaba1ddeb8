import { hashOf } from './sha256.js';

/** Most urgent first. Unknown words sort as `warning`: neither ignored nor paged for. */
export const SEVERITIES = ['critical', 'high', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What the labels name, before anything was read from the cluster. */
export interface TargetHint {
  kind: string;
  namespace?: string;
  name: string;
  apiVersion?: string;
}

/** One alert, event or alarm, in our words. Text fields are untrusted: they were written by whoever can label an alert. */
export interface Signal {
  source: string;
  cluster: string;
  /** Stable over repeats and over firing/resolved. */
  fingerprint: string;
  status: 'firing' | 'resolved';
  alert: string;
  severity: Severity;
  /** RFC 3339. Together with the fingerprint it names one occurrence. */
  startsAt: string;
  endsAt?: string;
  receivedAt: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  generatorUrl?: string;
  /** Most specific object first; empty when the labels name none. */
  hints: TargetHint[];
  /** 1 (first) to 5, where a filter rule set it; `priorityOf` tells what holds. */
  priority?: number;
  /** What a filter rule or the labels `environment` and `env` say. */
  environment?: string;
  /** The name of the route that a filter rule chose. */
  route?: string;
  /** Handed to the remediation of what probably causes it: the object that it is about, as in `deployment shop/api`. */
  symptomOn?: string;
  /** It was such a symptom for long enough: its own target it is. */
  isOwn?: true;
}

const SYNONYMS: Record<string, Severity> = {
  critical: 'critical', page: 'critical', emergency: 'critical', fatal: 'critical', disaster: 'critical', p1: 'critical',
  high: 'high', error: 'high', major: 'high', p2: 'high',
  warning: 'warning', warn: 'warning', medium: 'warning', minor: 'warning', p3: 'warning',
  info: 'info', informational: 'info', none: 'info', low: 'info', notice: 'info', p4: 'info',
};

export function severityOf(word = ''): Severity {
  const known = word.toLowerCase();
  // `constructor` is a legal label value and a member of every object.
  return Object.hasOwn(SYNONYMS, known) ? SYNONYMS[known]! : 'warning';
}

export const mostSevere = (severities: readonly Severity[]): Severity =>
  SEVERITIES.find((s) => severities.includes(s)) ?? 'warning';

const BY_SEVERITY: Record<Severity, number> = { critical: 1, high: 2, warning: 3, info: 4 };

/** 1 (first) to 5, as Temporal counts them: 3 is what everything has that says nothing. */
export const priorityOf = ({ priority, severity }: Pick<Signal, 'priority' | 'severity'>): number => priority ?? BY_SEVERITY[severity];

export const environmentOf = ({ environment, labels }: Pick<Signal, 'environment' | 'labels'>): string | undefined =>
  environment ?? ((labels.environment || labels.env) || undefined);

/** For senders that bring no fingerprint: the sorted label set, as AlertManager does, in 16 hex digits. */
export const fingerprintOf = (source: string, labels: Record<string, string>): string =>
  hashOf([source, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]).slice(0, 16);

/** One occurrence of one alert on one cluster: the key of deduplication. */
export const occurrenceOf = (s: Pick<Signal, 'cluster' | 'fingerprint' | 'startsAt'>): string =>
  `${s.cluster}/${s.fingerprint}/${s.startsAt}`;

/** The same in one status: the key of a row in the store. */
export const newsOf = (s: Pick<Signal, 'cluster' | 'fingerprint' | 'startsAt' | 'status'>): string => `${occurrenceOf(s)} ${s.status}`;
