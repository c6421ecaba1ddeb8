import { Type, type Static } from '@sinclair/typebox';

export const NOTIFICATION_KINDS = ['approval_requested', 'approval_reminder', 'approval_escalated', 'approval_decided', 'closed', 'applied', 'rolled_back', 'message'] as const;

/** What a channel is asked to say. All text is redacted and plain; the channel escapes it for its own markup. */
export const Notification = Type.Object({
  remediationId: Type.String(),
  kind: Type.Unsafe<(typeof NOTIFICATION_KINDS)[number]>({ type: 'string', enum: [...NOTIFICATION_KINDS] }),
  /** Which of several of its kind: the second question, the first reminder. Absent: the only one. */
  occasion: Type.Optional(Type.String()),
  title: Type.String({ description: 'one line' }),
  severity: Type.String(),
  outcome: Type.Optional(Type.String()),
  target: Type.String(),
  /** Plain lines: what happened, why, what next. */
  lines: Type.Array(Type.String()),
  commands: Type.Array(Type.String(), { description: 'paste-ready' }),
  links: Type.Record(Type.String(), Type.String()),
  at: Type.String(),
});
export type Notification = Static<typeof Notification>;

/** One delivery, unique on (remediation, channel, kind). */
export const NotificationRow = Type.Object({
  remediationId: Type.String(),
  channel: Type.String(),
  kind: Type.String(),
  status: Type.Unsafe<'claimed' | 'sent' | 'failed'>({ type: 'string', enum: ['claimed', 'sent', 'failed'] }),
  attempts: Type.Integer(),
  /** The provider's id (Slack ts, message id): the next update goes to the same message. */
  providerId: Type.Optional(Type.String()),
  error: Type.Optional(Type.String()),
  updatedAt: Type.String(),
});
export type NotificationRow = Static<typeof NotificationRow>;
