import type { KubeObject } from './kube.js';
import type { Severity } from './signal.js';
import type { Target } from './target.js';

/** One alert on the target of a remediation, with its own life. */
export interface Problem {
  fingerprint: string;
  alert: string;
  severity: Severity;
  status: 'firing' | 'resolved';
  startedAt: string;
  resolvedAt?: string;
  /** How often it fired again after a resolve. */
  refires: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** It is about another object, of whose trouble this target is the probable root: `deployment shop/api`. */
  symptomOn?: string;
}

/** A kubelet or controller event, newest last. `message` is untrusted. */
export interface EventLine {
  at: string;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  object: { kind: string; namespace?: string; name: string };
  count: number;
}

/** The tail of one container's log: redacted, templated lines. `ref` is the store's key of the longer text. */
export interface LogExcerpt {
  pod: string;
  container: string;
  isPrevious: boolean;
  lines: string[];
  ref?: string;
}

/** An action that was taken on this target before (from the store). */
export interface PastAction {
  remediationId: string;
  action: string;
  target: Target;
  at: string;
  /** What it came to; undefined while it still runs. */
  result?: 'effective' | 'ineffective' | 'harmful' | 'inconclusive' | 'failed';
  wasUndone: boolean;
  /** Dotted paths of the fields it wrote with their values, for the oscillation guard. */
  /** `before` is what stood there; records of older versions lack it. */
  wrote: { path: string; value: string; before?: string }[];
}

/** A past incident near in meaning. Only verified outcomes may teach. */
export interface SimilarIncident {
  remediationId: string;
  summary: string;
  action?: string;
  outcome: string;
  /** Whether the action helped then: a proved failure is a lesson too. */
  lesson?: 'helped' | 'did_not_help';
  isVerified: boolean;
  /** 0..1, 1 is the same. */
  similarity: number;
  /** RFC 3339: when it was closed. */
  at?: string;
}

/** How near what changed is to the target, nearest first. */
export type ChangeRelation = 'target' | 'owner' | 'config' | 'path' | 'dependency' | 'node' | 'namespace';

/** Something that somebody edited, rolled out, created or deleted. Values of Secrets and ConfigMaps never. */
export interface RecordedChange {
  /** RFC 3339. */
  at: string;
  object: { kind: string; namespace?: string; name: string };
  /** In words: `revision 4 rolled out`, `key PORT changed`, `deleted`. */
  what: string;
  /** Dotted, list items by name: `spec.template.spec.containers[app].image`. */
  path?: string;
  /** Compact JSON, redacted and cut; absent where it was not there, or is not known. */
  from?: string;
  to?: string;
  /** The field manager or actor: `kubectl-edit`. */
  by?: string;
  /** Where it was read: the controller's revisions, the API server's bookkeeping, our own recording, the object's own times. */
  source: 'revision' | 'managed_fields' | 'snapshot' | 'creation' | 'configuration';
  relation: ChangeRelation;
  /** 1 is the most telling. */
  rank: number;
}

/** Everything that decisions may read, recorded before deciding. */
export interface Evidence {
  takenAt: string;
  target: Target;
  /** The target itself; undefined when it no longer exists. */
  object?: KubeObject;
  /** The target, its owners and dependents, what serves and bounds it, its namespace's workloads, all nodes. Secret values never. */
  objects: KubeObject[];
  events: EventLine[];
  logs: LogExcerpt[];
  problems: Problem[];
  history: PastAction[];
  similar: SimilarIncident[];
  /** What this incident is found by later (`signatureOf`); absent where memory was not asked. */
  signature?: string;
  /** What could not be read, and why: absent evidence is never read as "healthy". */
  missing: { what: string; why: string }[];
  /** Optional APIs that the cluster serves, as `<group>/<version>/<Kind>`: what is not listed is not installed. */
  apis?: string[];
  /** What was changed before and around the beginning of the trouble, most telling first. */
  changes?: RecordedChange[];
}
