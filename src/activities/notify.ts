import type { Channel, Delivery } from '../channels/define.js';
import type { Notification } from '../contracts/notification.js';
import type { Remediation } from '../contracts/remediation.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { notificationOf } from '../domain/notification-text.js';
import type { Clock, Store } from '../domain/ports.js';
import type { StageActivities } from './contract.js';

export interface NotifyDeps {
  store: Pick<Store, 'claimNotification' | 'updateNotification' | 'notificationsOf'>;
  /** Connected channels (`connectChannel`) by their configured name. */
  channels: Record<string, Channel>;
  clock: Clock;
}

export type Notify = (input: { notification: Notification; channel: string }) => Promise<{ providerId: string }>;

/**
 * Delivers one notification through one channel, once: the row of (remediation, channel, kind) is claimed first, and a
 * row that was already sent answers without sending. A crash between sending and storing may send it a second time.
 * @throws ChannelUnavailable (Temporal retries), ChannelRejected, NotFound for a channel nobody configured, StoreUnavailable.
 */
export function createNotify({ store, channels, clock }: NotifyDeps): Notify {
  return async ({ notification, channel: name }) => {
    const { remediationId } = notification;
    const channel = Object.hasOwn(channels, name) ? channels[name] : undefined;
    if (!channel) throw new KubernautError('NotFound', `no channel ${name} is configured; known: ${Object.keys(channels).join(', ')}`);
    const row = await store.claimNotification({ remediationId, channel: name, kind: rowKindOf(notification) });
    if (row.status === 'sent') return { providerId: row.providerId ?? '' };
    const base = { remediationId, channel: name, kind: rowKindOf(notification), attempts: row.attempts + 1 };
    try {
      const { providerId } = await channel.deliver(notification, await previousOf(store, notification, name));
      await store.updateNotification({ ...base, status: 'sent', providerId, updatedAt: clock.now() });
      return { providerId };
    } catch (error) {
      // The store's own failure is not the channel's: the row stays claimed and the next attempt finds it.
      if (!isKubernautError(error, 'ChannelUnavailable', 'ChannelRejected')) throw error;
      await store.updateNotification({ ...base, status: 'failed', error: `${error.code}: ${error.message}`, updatedAt: clock.now() });
      throw error;
    }
  };
}

/** A second question, a third reminder: each is delivered once. */
const rowKindOf = ({ kind, occasion }: Notification): string => (occasion ? `${kind}#${occasion}` : kind);

/** An edited message makes no sound: what wants a person is said anew. */
const IS_NEW: ReadonlySet<string> = new Set(['approval_requested', 'approval_reminder', 'approval_escalated']);

/** The newest message this remediation already has on that channel: an update goes there. */
async function previousOf(store: NotifyDeps['store'], n: Notification, channel: string): Promise<Delivery | undefined> {
  if (IS_NEW.has(n.kind)) return undefined;
  const rows = await store.notificationsOf(n.remediationId);
  const [latest] = rows
    .filter((r) => r.channel === channel && r.kind !== rowKindOf(n) && r.status === 'sent' && r.providerId)
    .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
  return latest?.providerId === undefined ? undefined : { providerId: latest.providerId };
}

export interface NotifyStageDeps extends NotifyDeps {
  /** A signed link to decide this question, for a channel; undefined where none can be made. */
  approvalLink?(remediation: Remediation, channel: string): string | undefined;
}

/** Its lines end up in files and collectors: a link there would be a credential in a log. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['log']);

/** The activity as workflows call it: puts the remediation into words, then delivers. */
export function createNotifyStage(deps: NotifyStageDeps): StageActivities['notify'] {
  const notify = createNotify(deps);
  return async ({ remediation, kind, channel, occasion }) => {
    const { links, ...words } = notificationOf(remediation, kind, deps.clock.now());
    const link = IS_NEW.has(kind) && !WITHOUT_LINKS.has(channel) ? deps.approvalLink?.(remediation, channel) : undefined;
    await notify({ notification: { ...words, ...(occasion ? { occasion } : {}), links: { ...(link ? { 'approve or reject': link } : {}), ...links } }, channel });
  };
}
