import { Type, type Static } from '@sinclair/typebox';

const Names = Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()]));

/**
 * What tells an alert of `GET /api/v2/alerts` from one of the webhook; the rest is the same. Unknown keys are ignored.
 * `mutedBy` came with 0.28.
 */
export const AlertmanagerApiAlert = Type.Object({
  fingerprint: Type.String({ minLength: 1, maxLength: 128 }),
  startsAt: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  receivers: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
  status: Type.Object({
    state: Type.Union([Type.Literal('active'), Type.Literal('suppressed'), Type.Literal('unprocessed')]),
    silencedBy: Names,
    inhibitedBy: Names,
    mutedBy: Names,
  }),
});
export type AlertmanagerApiAlert = Static<typeof AlertmanagerApiAlert>;

/** `GET /api/v2/status`, what we read of it. `uptime` is the moment of its start. */
export const AlertmanagerApiStatus = Type.Object({
  uptime: Type.String(),
  versionInfo: Type.Optional(Type.Object({ version: Type.Optional(Type.String()) })),
});
export type AlertmanagerApiStatus = Static<typeof AlertmanagerApiStatus>;

/** `GET /api/v2/receivers`. */
export const AlertmanagerApiReceivers = Type.Array(Type.Object({ name: Type.String() }));
