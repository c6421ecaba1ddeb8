import { isKubernautError } from '../domain/errors.js';
import { controllerOf, type KubeObject, type World } from '../domain/kube.js';
import type { Listed } from '../domain/ports.js';
import { redactObject } from '../domain/redact-object.js';
import { hashOf } from '../domain/sha256.js';
import { sizeBudget, type Cut } from './audit-budget.js';
import { bindingEntry, eventEntry, isChangedIn, isEventIn, reaches, roleEntry, workloadEntry, type Range } from './audit-entries.js';
import type { ExecuteContext } from './define.js';

export const MAX_BYTES = 5 * 1024 * 1024;
/** Lists come in no order of time: what is outside the range is read as well, and left out after. */
const READ_BYTES = 4 * MAX_BYTES;
/** For the members around the lists. */
const FRAME_BYTES = 64 * 1024;
const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'CronJob', 'Job', 'Pod'];
const RBAC = 'rbac.authorization.k8s.io/v1';

export interface AuditTrail extends Range {
  actionId: string;
  namespace: string;
  takenAt: string;
  roles: unknown[];
  bindings: unknown[];
  workloads: unknown[];
  events: unknown[];
  counts: Record<'roles' | 'bindings' | 'workloads' | 'events', number>;
  /** What could not be read, and why. */
  missing: { what: string; why: string }[];
  /** What was read and did not fit. */
  truncated: Cut[];
  /** SHA-256 of everything else here, as canonical JSON. */
  digest: string;
}

interface Asked extends Range {
  namespace: string;
  takenAt: string;
}

/**
 * Rights first, then what runs, then events, newest first: what must not be lost goes in before what is many.
 * One list after the other, in pages; what cannot be read is told.
 */
export async function auditTrail({ namespace, takenAt, from, to }: Asked, world: World, context: ExecuteContext): Promise<AuditTrail> {
  const range: Range = { from, to };
  const missing: AuditTrail['missing'] = [{ what: 'API audit entries', why: 'no log backend is configured, and the API server does not offer its audit log' }];
  const list = lister(context, missing);
  const rights = await readRights(namespace, list);
  const events = await list('v1', 'Event', namespace);

  const budget = sizeBudget(MAX_BYTES - FRAME_BYTES);
  // redacted before they are counted and hashed: what is kept is then exactly what the digest is of
  const take = (what: string, entries: readonly object[], isCut = false) => budget.take(what, entries.map(redactObject), isCut);
  const { roles, bindings } = rightsIn(rights, namespace, range);
  const parts = {
    roles: take('roles', roles.map((o) => roleEntry(o, range)), rights.isCut),
    bindings: take('bindings', bindings.map((o) => bindingEntry(o, range)), rights.isCut),
    workloads: take('workloads', workloadsIn(world, namespace).map((o) => workloadEntry(o, range))),
    events: take('events', events.items.filter((o) => isEventIn(o, range)).map(eventEntry).sort(byTime), events.isCut),
  };
  const counts = { roles: parts.roles.length, bindings: parts.bindings.length, workloads: parts.workloads.length, events: parts.events.length };
  const content = { actionId: context.actionId, namespace, from, to, takenAt, ...parts, counts, missing, truncated: budget.truncated };
  return { ...content, digest: `sha256:${hashOf(content)}` };
}

type List = (apiVersion: string, kind: string, namespace?: string) => Promise<Listed>;

const lister =
  ({ cluster, signal }: ExecuteContext, missing: AuditTrail['missing']): List =>
  async (apiVersion, kind, namespace) => {
    signal.throwIfAborted();
    try {
      return await cluster.list({ apiVersion, kind, ...(namespace ? { namespace } : {}) }, { maxBytes: READ_BYTES, signal });
    } catch (error) {
      // a server that is away or throttles may answer the next attempt; a refusal stays one
      if (!isKubernautError(error) || error.isRetryable) throw error;
      missing.push({ what: `${kind}s`, why: `${error.code}: ${error.message}` });
      return { items: [], isCut: false };
    }
  };

type Rights = Record<'roles' | 'bindings' | 'clusterRoles' | 'clusterBindings', KubeObject[]> & { isCut: boolean };

async function readRights(namespace: string, list: List): Promise<Rights> {
  const roles = await list(RBAC, 'Role', namespace);
  const bindings = await list(RBAC, 'RoleBinding', namespace);
  const clusterRoles = await list(RBAC, 'ClusterRole');
  const clusterBindings = await list(RBAC, 'ClusterRoleBinding');
  const isCut = [roles, bindings, clusterRoles, clusterBindings].some((l) => l.isCut);
  return { roles: roles.items, bindings: bindings.items, clusterRoles: clusterRoles.items, clusterBindings: clusterBindings.items, isCut };
}

/** All of the namespace; of the cluster only what reaches into it or was changed in the time asked about. */
function rightsIn(r: Rights, namespace: string, range: Range): { roles: KubeObject[]; bindings: KubeObject[] } {
  const clusterBindings = r.clusterBindings.filter((b) => reaches(b, namespace) || isChangedIn(b, range));
  const used = new Set([...r.bindings, ...clusterBindings].filter((b) => b.roleRef?.kind === 'ClusterRole').map((b) => b.roleRef.name as string));
  const clusterRoles = r.clusterRoles.filter((o) => used.has(o.metadata.name) || isChangedIn(o, range));
  return { roles: [...r.roles, ...clusterRoles], bindings: [...r.bindings, ...clusterBindings] };
}

/** Templates, and pods by themselves: a pod says the same as its controller, but for what was attached to it and what it really runs. */
const workloadsIn = (world: World, namespace: string): KubeObject[] =>
  WORKLOADS.flatMap((kind) => world.list(kind, namespace)).filter((o) => controllerOf(o) === undefined || o.kind === 'Pod');

/** Newest first. */
const byTime = (a: { at?: string }, b: { at?: string }): number => (b.at ?? '').localeCompare(a.at ?? '');
