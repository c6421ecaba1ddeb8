import { Type, type Static } from '@sinclair/typebox';

const Dimension = Type.Object({ name: Type.String(), value: Type.String() });
const dimensions = Type.Optional(Type.Union([Type.Array(Dimension, { maxItems: 30 }), Type.Null()]));

/** An alarm of CloudWatch as it stands in the message of SNS. An alarm over an expression has its dimensions inside `Metrics`, a composite one has none. */
export const CloudWatchAlarm = Type.Object({
  AlarmName: Type.String({ minLength: 1 }),
  AlarmDescription: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  AWSAccountId: Type.Optional(Type.String()),
  NewStateValue: Type.String({ description: 'ALARM, OK or INSUFFICIENT_DATA' }),
  NewStateReason: Type.Optional(Type.String()),
  StateChangeTime: Type.Optional(Type.String({ description: 'ISO 8601 with an offset without colon' })),
  Region: Type.Optional(Type.String({ description: 'the name for people' })),
  AlarmArn: Type.Optional(Type.String()),
  AlarmRule: Type.Optional(Type.String()),
  Trigger: Type.Optional(
    Type.Object({
      MetricName: Type.Optional(Type.String()),
      Namespace: Type.Optional(Type.String({ description: 'of CloudWatch, not of Kubernetes' })),
      Dimensions: dimensions,
      Metrics: Type.Optional(
        Type.Array(
          Type.Object({
            MetricStat: Type.Optional(
              Type.Object({ Metric: Type.Optional(Type.Object({ MetricName: Type.Optional(Type.String()), Namespace: Type.Optional(Type.String()), Dimensions: dimensions })) }),
            ),
          }),
        ),
      ),
    }),
  ),
});
export type CloudWatchAlarm = Static<typeof CloudWatchAlarm>;
