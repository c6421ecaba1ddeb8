import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { Remediation } from './remediation.js';
import { NotificationRow } from './notification.js';

const listOf = <T extends TSchema>(items: T) => Type.Object({ items: Type.Array(items) });
const Time = Type.String({ description: 'RFC 3339' });

/** One signal that was taken, and what became of it: the answer to "why did nothing happen". */
export const SignalRecord = Type.Object({
  fingerprint: Type.String(),
  alert: Type.String(),
  cluster: Type.String(),
  status: Type.String({ description: 'firing or resolved' }),
  started_at: Time,
  received_at: Time,
  severity: Type.String(),
  priority: Type.Integer({ description: '1 (first) to 5' }),
  environment: Type.Optional(Type.String()),
  route: Type.Optional(Type.String({ description: 'the route that a filter rule chose' })),
  outcome: Type.String({ description: 'started, joined, suppressed, rejected, resolved' }),
  reason: Type.Optional(Type.String()),
  rules: Type.Array(Type.String(), { description: 'the filter rules that acted on it, in order' }),
  held_until: Type.Optional(Type.String({ description: 'RFC 3339: its remediation is held back until then; a symptom goes its own way from then on' })),
  workflow_id: Type.Optional(Type.String()),
  remediation_id: Type.Optional(Type.String()),
  /** What that remediation has come to. */
  remediation: Type.Optional(Type.Pick(Remediation, ['phase', 'outcome', 'reason'])),
});
export type SignalRecord = Static<typeof SignalRecord>;
export const SignalRecords = listOf(SignalRecord);

export const Fingerprint = Type.Object({ fingerprint: Type.String({ minLength: 1, maxLength: 600 }) });

export const NotificationRecord = Type.Object({
  channel: NotificationRow.properties.channel,
  kind: NotificationRow.properties.kind,
  status: NotificationRow.properties.status,
  attempts: NotificationRow.properties.attempts,
  error: NotificationRow.properties.error,
  updated_at: Time,
});
export type NotificationRecord = Static<typeof NotificationRecord>;
export const NotificationRecords = listOf(NotificationRecord);

/** What the decision was made from, as it was kept: secrets are masked before anything is stored. */
export const EvidenceRecord = Type.Object(
  {
    ref: Type.String({ description: 'content address' }),
    takenAt: Time,
    events: Type.Array(
      Type.Object({
        at: Time, type: Type.String({ description: 'Normal or Warning' }), reason: Type.String(), message: Type.String(), count: Type.Integer(),
        object: Type.Object({ kind: Type.String(), namespace: Type.Optional(Type.String()), name: Type.String() }),
      }),
    ),
    logs: Type.Array(Type.Object({ pod: Type.String(), container: Type.String(), isPrevious: Type.Boolean(), lines: Type.Array(Type.String()) }, { additionalProperties: true })),
    missing: Type.Array(Type.Object({ what: Type.String(), why: Type.String() })),
  },
  { additionalProperties: true },
);
export type EvidenceRecord = Static<typeof EvidenceRecord>;
