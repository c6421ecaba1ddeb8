import { Type, type Static } from '@sinclair/typebox';

const Time = Type.Union([Type.String({ description: 'RFC 3339' }), Type.Null()]);
const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const Count = Type.Optional(Type.Union([Type.Integer(), Type.Null()]));
const About = Type.Object({ kind: Type.Optional(Type.String()), namespace: Type.Optional(Type.String()), name: Type.Optional(Type.String()), apiVersion: Type.Optional(Type.String()) });

/** An Event of either API (`v1`, `events.k8s.io/v1`) as the API server writes it. Unknown keys are ignored. */
export const KubernetesEvent = Type.Object(
  {
    kind: Type.Literal('Event'),
    metadata: Type.Object({ name: Type.Optional(Type.String()), namespace: Type.Optional(Type.String()), creationTimestamp: Type.Optional(Time) }),
    type: Type.Optional(Type.String({ description: 'Normal or Warning' })),
    reason: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    note: Type.Optional(Type.String()),
    involvedObject: Type.Optional(About),
    regarding: Type.Optional(About),
    eventTime: Type.Optional(Time),
    firstTimestamp: Type.Optional(Time),
    deprecatedFirstTimestamp: Type.Optional(Time),
    lastTimestamp: Type.Optional(Time),
    deprecatedLastTimestamp: Type.Optional(Time),
    count: Count,
    deprecatedCount: Count,
    series: Type.Optional(Type.Union([Type.Object({ count: Count, lastObservedTime: Type.Optional(Time) }), Type.Null()])),
    source: Type.Optional(Type.Union([Type.Object({ component: Text }), Type.Null()])),
    reportingComponent: Text,
    reportingController: Text,
  },
  { title: 'KubernetesEvent', description: 'One Event of the Kubernetes API.' },
);
export type KubernetesEvent = Static<typeof KubernetesEvent>;

/** One event, or a list as `kubectl get events -o json` gives it. Items are checked one by one. */
export const KubernetesEvents = Type.Union([Type.Object({ kind: Type.Literal('Event') }), Type.Object({ items: Type.Array(Type.Unknown(), { maxItems: 5000 }) })], {
  title: 'KubernetesEvents',
  description: 'One Event, or a list of them.',
});
export type KubernetesEvents = Static<typeof KubernetesEvents>;
