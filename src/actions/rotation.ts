import type { Change } from '../domain/change.js';
import type { KubeObject } from '../domain/kube.js';
import type { ActionFacts, Progress } from './define.js';
import { redactText } from '../domain/redact.js';
import { refuse } from './workload.js';

export type EditChange = Extract<Change, { op: 'edit' }>;

/** What the object said of its last refresh right before our write. */
export interface Since {
  /** External Secrets: time of the last refresh, and which state of the object it saw. */
  refreshTime?: string;
  synced?: string;
  /** cert-manager: number of the last issued certificate. */
  revision?: number;
  /** Since when it is failing, where it was. */
  failingSince?: string;
}

/** One way to have a new value made and published by the operator that owns the Secret. We never read or write the Secret itself. */
export interface Rotation {
  kind: string;
  /** As `Evidence.apis` lists it. */
  api: string;
  /** The Secret that comes out of it. */
  secretOf(object: KubeObject): string;
  /** Throws when its row refuses. */
  check(object: KubeObject, facts: ActionFacts, at: string): void;
  /** The one write that sets it going. */
  trigger(object: KubeObject, facts: ActionFacts): EditChange;
  sinceOf(object: KubeObject): Since;
  /** Is the new value published? */
  progress(object: KubeObject, since: Since): Progress;
}

const OWN_PARTS = ['kubernaut', 'temporal'];

/** Our own credentials, and those of what we run on, are never ours to change. */
export function isOurs(o: KubeObject): boolean {
  const labels = { ...o.spec?.template?.metadata?.labels, ...o.metadata.labels };
  const isNamed = [labels['app.kubernetes.io/part-of'], labels['app.kubernetes.io/name']].some((name) => OWN_PARTS.includes(name));
  return isNamed || /^kubernaut(-|$)/.test(o.metadata.namespace ?? '');
}

/** Secrets by these names or types belong to the cluster or to Helm; another writer would break what reads them. */
const PROTECTED_TYPES = ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token', 'helm.sh/release.v1'];
const PROTECTED_NAMES = /^(bootstrap-token-|sh\.helm\.release\.v1\.)/;

export function checkSecretKind(secret: string, type: string | undefined, at: string): void {
  const what = type !== undefined && PROTECTED_TYPES.includes(type) ? `type ${type}` : PROTECTED_NAMES.test(secret) ? `name ${secret}` : undefined;
  if (what) refuse('PolicyDenied', `${at}: a Secret of ${what} is protected; a person must rotate it with the tool that made it`);
}

/** A condition in words for people. Its message is the provider's and could quote anything. */
export const wordsOf = (condition: { reason?: string; message?: string } | undefined): string =>
  condition ? `${condition.reason ?? 'no reason given'}${condition.message ? ` (${redactText(condition.message).slice(0, 200)})` : ''}` : 'it has no conditions';
