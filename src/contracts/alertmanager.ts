import { Type, type Static } from '@sinclair/typebox';

/**
 * One alert of an AlertManager webhook. Unknown keys are ignored: AlertManager grows (`notification_reason` came with 0.32,
 * `routeLabels` with 0.34). Maps are open on purpose; every legal label name may occur, `__proto__` and `toString` too.
 */
export const AlertmanagerAlert = Type.Object({
  status: Type.Union([Type.Literal('firing'), Type.Literal('resolved')]),
  labels: Type.Record(Type.String(), Type.String()),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
  startsAt: Type.String({ description: 'RFC 3339' }),
  endsAt: Type.Optional(Type.String({ description: 'RFC 3339; the zero time while the alert fires' })),
  generatorURL: Type.Optional(Type.String()),
  fingerprint: Type.Optional(Type.String({ description: '16 hex digits over the labels' })),
});
export type AlertmanagerAlert = Static<typeof AlertmanagerAlert>;

/** The envelope (version 4). Alerts are checked one by one, so that one bad alert does not refuse the others. */
export const AlertmanagerWebhook = Type.Object(
  {
    version: Type.Optional(Type.String({ examples: ['4'] })),
    groupKey: Type.Optional(Type.String()),
    truncatedAlerts: Type.Optional(Type.Integer({ minimum: 0 })),
    status: Type.Optional(Type.String()),
    receiver: Type.Optional(Type.String()),
    groupLabels: Type.Optional(Type.Unknown()),
    commonLabels: Type.Optional(Type.Unknown()),
    commonAnnotations: Type.Optional(Type.Unknown()),
    externalURL: Type.Optional(Type.String()),
    alerts: Type.Array(Type.Unknown(), { maxItems: 5000, description: 'at most 5000' }),
  },
  { title: 'AlertmanagerWebhook', description: 'The body that AlertManager posts to a webhook receiver (version 4).' },
);
export type AlertmanagerWebhook = Static<typeof AlertmanagerWebhook>;
