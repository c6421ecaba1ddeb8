import type { Change } from '../../domain/change.js';
import type { ObjectRef } from '../../domain/kube.js';
import { describeTarget, shortHash } from '../../domain/target.js';
import type { Connection } from './connection.js';

const EVENT_TIMEOUT_MS = 3_000;
const CONTROLLER = 'kubernaut.io/remediation';

export type Unmarked = Extract<Change, { op: 'edit' | 'scale' | 'evict' | 'delete' | 'call' | 'exec' }>;

const WORDS: Record<Unmarked['op'], { reason: string; action: string; note: (c: Unmarked) => string }> = {
  scale: { reason: 'Scaled', action: 'Scale', note: (c) => (c.op === 'scale' ? `scaled ${c.before} → ${c.after}` : '') },
  evict: { reason: 'Evicted', action: 'Evict', note: () => 'evicted' },
  delete: { reason: 'Deleted', action: 'Delete', note: () => 'deleted' },
  // only of a subresource: the object itself carries our annotation
  edit: { reason: 'Changed', action: 'Change', note: (c) => (c.op === 'edit' ? `changed the ${c.subresource} of` : '') },
  exec: { reason: 'Executed', action: 'Exec', note: (c) => (c.op === 'exec' ? `ran ${c.argv[0]} in container ${c.container} of` : '') },
  call: { reason: 'Called', action: 'Call', note: (c) => (c.op === 'call' ? `asked for a ${c.request.kind} through` : '') },
};

/** Actions that were told of already, by the connection they were told through. */
const told = new WeakMap<Connection, Set<string>>();
/** Long enough for every action that is under way. */
const REMEMBERED = 1000;

/**
 * The trace of a write that cannot carry an annotation (actions.md 1.2), so that `kubectl describe` tells it. Once per
 * action, at its first such write: a drain of two hundred pods would otherwise send twice as many requests.
 * Best effort: the write is done, and a cluster without the right to create events must not make it look failed.
 */
export async function recordEvent(
  connection: Connection,
  change: Unmarked,
  who: { actionId: string; userAgent: string; instance: string; now: string },
): Promise<void> {
  if (!isNews(connection, who.actionId)) return;
  const words = WORDS[change.op];
  const namespace = change.ref.namespace ?? 'default';
  const event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `kubernaut.${shortHash(who.actionId)}`, namespace, annotations: { 'kubernaut.io/last-action': who.actionId } },
    eventTime: `${who.now.slice(0, 23)}000Z`,
    reportingController: CONTROLLER,
    reportingInstance: who.instance.slice(0, 128),
    type: 'Normal',
    reason: words.reason,
    action: words.action,
    note: `Kubernaut ${words.note(change)} ${describeTarget(change.ref)} (action ${who.actionId})`.slice(0, 1000),
    regarding: regarding(change.ref, change.uid),
  };
  try {
    await connection.request({
      verb: 'create',
      path: `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`,
      query: { fieldManager: 'kubernaut' },
      body: event,
      userAgent: who.userAgent,
      timeoutMs: EVENT_TIMEOUT_MS,
    });
  } catch {
    // 409: an earlier attempt wrote it; 403, timeout: the audit log still has the write itself
  }
}

function isNews(connection: Connection, actionId: string): boolean {
  const known = told.get(connection) ?? new Set<string>();
  told.set(connection, known);
  if (known.has(actionId)) return false;
  known.add(actionId);
  const [oldest] = known;
  if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
  return true;
}

const regarding = (ref: ObjectRef, uid: string) => ({ apiVersion: ref.apiVersion, kind: ref.kind, namespace: ref.namespace, name: ref.name, uid });
