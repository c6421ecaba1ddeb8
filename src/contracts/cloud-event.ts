import { Type, type Static } from '@sinclair/typebox';

/** CloudEvents 1.0 in JSON. Extension attributes are ignored. */
export const CloudEvent = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ minLength: 1, maxLength: 1024 }),
    source: Type.String({ minLength: 1, maxLength: 2048 }),
    type: Type.String({ minLength: 1, maxLength: 512 }),
    time: Type.Optional(Type.String({ description: 'RFC 3339' })),
    subject: Type.Optional(Type.String()),
    datacontenttype: Type.Optional(Type.String()),
    data: Type.Optional(Type.Unknown({ description: 'a signal, an alert as AlertManager has it, or a whole webhook of AlertManager' })),
  },
  { title: 'CloudEvent' },
);
export type CloudEvent = Static<typeof CloudEvent>;

/** One event, or a batch. Events are checked one by one, so that one bad event does not refuse the others. */
export const CloudEventBody = Type.Union([Type.Object({ specversion: Type.String() }), Type.Array(Type.Unknown(), { maxItems: 5000 })], {
  title: 'CloudEventBody', description: 'CloudEvents 1.0: structured, batched, or the data alone with ce- headers.',
});
export type CloudEventBody = Static<typeof CloudEventBody>;
