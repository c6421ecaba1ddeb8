import { Type, type Static } from '@sinclair/typebox';

/** A signal as those write it who write for us: the data of a CloudEvent. Unknown keys are ignored. */
export const SignalData = Type.Object(
  {
    alert: Type.String({ minLength: 1, description: 'what it is called' }),
    status: Type.Optional(Type.String({ description: 'firing (default) or resolved' })),
    severity: Type.Optional(Type.String({ description: 'critical, high, warning (default) or info' })),
    fingerprint: Type.Optional(Type.String({ description: 'the same for firing and resolved; default: a hash of source, alert, target and labels' })),
    startsAt: Type.Optional(Type.String({ description: 'RFC 3339; default: the time of the event' })),
    endsAt: Type.Optional(Type.String({ description: 'RFC 3339' })),
    cluster: Type.Optional(Type.String()),
    target: Type.Optional(Type.Object({ kind: Type.String(), namespace: Type.Optional(Type.String()), name: Type.String() }, { description: 'the object in trouble' })),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
    generatorUrl: Type.Optional(Type.String()),
  },
  { title: 'SignalData' },
);
export type SignalData = Static<typeof SignalData>;
