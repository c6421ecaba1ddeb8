import { hashOf } from './sha256.js';

/** The object in trouble: the top owner of what the signal names. Cluster-scoped kinds have no namespace. */
export interface Target {
  cluster: string;
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
  uid?: string;
}

/** People type it: `temporal workflow show --workflow-id remediation/prod/shop/Deployment/api`. */
export const workflowIdOf = (t: Pick<Target, 'cluster' | 'namespace' | 'kind' | 'name'>): string =>
  `remediation/${t.cluster}/${t.namespace ?? '-'}/${t.kind}/${t.name}`;

/**
 * The short id of one remediation: equal for a repeated delivery of its first signal, stable over continue-as-new.
 * The fingerprint is part of it because rules of one group start at the same instant (docs/decisions/0003).
 */
export const remediationIdOf = (workflowId: string, first: { fingerprint: string; startsAt: string }): string =>
  `r-${hashOf([workflowId, first.fingerprint, first.startsAt]).slice(0, 10)}`;

/** `deployment shop/api`, `node worker-3`. */
export const describeTarget = (t: { kind: string; namespace?: string; name: string }): string =>
  `${t.kind.toLowerCase()} ${t.namespace ? `${t.namespace}/` : ''}${t.name}`;

/** Where an object lies, for what holds per namespace: a Namespace lies in itself. */
export const namespaceOf = (t: { kind: string; namespace?: string; name: string }): string | undefined => (t.kind === 'Namespace' ? t.name : t.namespace);

export const isSameObject = (
  a: { kind: string; namespace?: string; name: string },
  b: { kind: string; namespace?: string; name: string },
): boolean => a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '');

/** Identity of one write: workflow id and step ordinal, never run id, attempt or clock (actions.md 1.2). */
export const actionIdOf = (remediationId: string, workflowId: string, ordinal: number): string =>
  `${workflowId}/${remediationId}/${ordinal}`;

export const shortHash = (actionId: string): string => hashOf(actionId).slice(0, 12);
