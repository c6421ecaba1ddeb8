import type { ClusterView } from '../simulator/world.js';
import { fingerprintOf } from './fingerprint.js';
import { runbookUrl, type Labels, type Rule } from './rule.js';

/** An alert that fires, or has just stopped to. Times in ms since the epoch. */
export interface Alert {
  fingerprint: string;
  labels: Labels;
  annotations: Labels;
  startsAtMs: number;
  resolvedAtMs?: number;
}

interface Entry extends Alert {
  pendingSinceMs: number;
  lastSeenMs: number;
  isFiring: boolean;
}

export interface AlertBook {
  /** Evaluates every rule once and returns what fires and what was resolved and not yet forgotten. */
  update(view: ClusterView, nowMs: number): Alert[];
  /** Drops a resolved alert once its end was delivered. */
  forget(fingerprint: string): void;
  firing(): Alert[];
}

const silentLabel = 'sandbox.kubernaut.io/ticker';
/** The control plane's own namespaces are not the users' trouble. */
const ignoredNamespaces = new Set(['kube-system', 'kube-node-lease', 'kube-public', 'kubernaut-sandbox']);
/** A rule that is false for a blink, between two looks at a changing cluster, does not resolve its alert. */
const resolveAfterMs = 1500;
/** Resolved alerts nobody takes are dropped in the end. */
const keepResolvedMs = 60_000;

function isSilenced(labels: Labels, view: ClusterView): boolean {
  const { namespace, node } = labels;
  if (namespace !== undefined && ignoredNamespaces.has(namespace)) return true;
  const place = namespace !== undefined ? view.get('Namespace', undefined, namespace) : node !== undefined ? view.get('Node', undefined, node) : undefined;
  return place?.metadata.labels?.[silentLabel] === 'silent';
}

/** What Prometheus keeps: since when each alert is pending, firing, over. */
export function alertBookOf(rules: readonly Rule[]): AlertBook {
  const entries = new Map<string, Entry>();

  const see = (rule: Rule, view: ClusterView, nowMs: number): void => {
    for (const active of rule.active(view, nowMs)) {
      if (isSilenced(active.labels, view)) continue;
      const labels = { alertname: rule.alertname, severity: rule.severity, ...active.labels };
      const fingerprint = fingerprintOf(labels);
      let entry = entries.get(fingerprint);
      if (!entry || entry.resolvedAtMs !== undefined) {
        entry = { fingerprint, labels, annotations: {}, startsAtMs: nowMs, pendingSinceMs: nowMs, lastSeenMs: nowMs, isFiring: false };
        entries.set(fingerprint, entry);
      }
      entry.annotations = { ...active.annotations, runbook_url: runbookUrl(rule.alertname) };
      entry.lastSeenMs = nowMs;
      if (!entry.isFiring && nowMs - entry.pendingSinceMs >= rule.forMs) Object.assign(entry, { isFiring: true, startsAtMs: nowMs });
    }
  };

  const settle = (entry: Entry, nowMs: number): void => {
    if (entry.resolvedAtMs !== undefined) {
      if (nowMs - entry.resolvedAtMs > keepResolvedMs) entries.delete(entry.fingerprint);
      return;
    }
    if (entry.lastSeenMs === nowMs) return;
    // a pending alert starts its waiting anew, as in Prometheus
    if (!entry.isFiring) entries.delete(entry.fingerprint);
    else if (nowMs - entry.lastSeenMs >= resolveAfterMs) entry.resolvedAtMs = nowMs;
  };

  const shown = (): Entry[] => [...entries.values()].filter((entry) => entry.isFiring);

  return {
    update(view, nowMs) {
      for (const rule of rules) see(rule, view, nowMs);
      for (const entry of [...entries.values()]) settle(entry, nowMs);
      return shown();
    },
    forget(fingerprint) {
      if (entries.get(fingerprint)?.resolvedAtMs !== undefined) entries.delete(fingerprint);
    },
    firing: () => shown().filter((entry) => entry.resolvedAtMs === undefined),
  };
}
