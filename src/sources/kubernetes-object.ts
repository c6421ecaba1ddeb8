import type { KubeObject } from '../domain/kube.js';
import type { Severity, TargetHint } from '../domain/signal.js';

/** Something that is wrong with one object by its own account, since when, in the words of kube-prometheus. */
export interface Trouble {
  alert: string;
  severity: Severity;
  object: TargetHint;
  /** Together with the alert they name it: nothing that changes while it lasts. */
  labels: Record<string, string>;
  /** RFC 3339, from the object itself: the same for everybody who looks. */
  startsAt: string;
  summary: string;
  description: string;
}

const MINUTE_MS = 60_000;
/** Ordinary starting, rescheduling and binding is over by then. */
export const PATIENCE_MS = { waiting: MINUTE_MS, unschedulable: MINUTE_MS, notReady: 5 * MINUTE_MS, node: MINUTE_MS, claim: 2 * MINUTE_MS };

export const hintOf = (o: KubeObject): TargetHint => ({ kind: o.kind, apiVersion: o.apiVersion, ...(o.metadata.namespace ? { namespace: o.metadata.namespace } : {}), name: o.metadata.name });

export const nameOf = ({ metadata: { namespace, name } }: KubeObject): string => (namespace ? `${namespace}/${name}` : name);

/** Has it been so since then, and for long enough? */
export const hasLasted = (since: string | undefined, patienceMs: number, nowMs: number): since is string => since !== undefined && nowMs - Date.parse(since) >= patienceMs;
