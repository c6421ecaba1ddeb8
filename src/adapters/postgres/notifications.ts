import type { NotificationRow } from '../../contracts/notification.js';
import type { Clock, Store } from '../../domain/ports.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

const COLUMNS = 'remediation_id, channel, kind, status, attempts, provider_id, error, updated_at';

/** The no-op update makes the row that is already there come back, also when another claim commits at the same moment. */
const CLAIM = `
  insert into notifications (remediation_id, channel, kind, status, attempts, updated_at) values ($1, $2, $3, 'claimed', 0, $4)
  on conflict (remediation_id, channel, kind) do update set kind = excluded.kind
  returning ${COLUMNS}`;

const UPDATE = `
  insert into notifications (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (remediation_id, channel, kind) do update set
    status = excluded.status, attempts = excluded.attempts, provider_id = excluded.provider_id,
    error = excluded.error, updated_at = excluded.updated_at`;

const OF_REMEDIATION = `select ${COLUMNS} from notifications where remediation_id = $1 order by updated_at, channel, kind`;

interface Row {
  remediation_id: string;
  channel: string;
  kind: string;
  status: NotificationRow['status'];
  attempts: number;
  provider_id: string | null;
  error: string | null;
  updated_at: Date;
}

export const notificationMethods = (query: Query, clock: Clock): Pick<Store, 'claimNotification' | 'updateNotification' | 'notificationsOf'> => ({
  async claimNotification({ remediationId, channel, kind }) {
    const key = [remediationId, channel, kind].map(cleanText);
    const [row] = await query<Row>('claiming a notification', CLAIM, [...key, clock.now()]);
    return toNotification(row!);
  },

  async updateNotification({ remediationId, channel, kind, status, attempts, providerId, error, updatedAt }) {
    const [id, to, what] = [remediationId, channel, kind].map(cleanText);
    const [provider, failure] = [providerId, error].map((text) => (text === undefined ? null : cleanText(text)));
    await query('updating a notification', UPDATE, [id, to, what, status, attempts, provider, failure, updatedAt]);
  },

  async notificationsOf(remediationId) {
    const rows = await query<Row>('reading notifications', OF_REMEDIATION, [cleanText(remediationId)]);
    return rows.map(toNotification);
  },
});

const toNotification = (row: Row): NotificationRow => ({
  remediationId: row.remediation_id,
  channel: row.channel,
  kind: row.kind,
  status: row.status,
  attempts: row.attempts,
  ...(row.provider_id === null ? {} : { providerId: row.provider_id }),
  ...(row.error === null ? {} : { error: row.error }),
  updatedAt: row.updated_at.toISOString(),
});
