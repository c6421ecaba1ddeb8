import { Type, type Static } from '@sinclair/typebox';

/** What Amazon SNS posts to an HTTP endpoint: everything that is signed, and the signature. */
export const SnsMessage = Type.Object(
  {
    Type: Type.Union([Type.Literal('Notification'), Type.Literal('SubscriptionConfirmation'), Type.Literal('UnsubscribeConfirmation')]),
    MessageId: Type.String({ minLength: 1, maxLength: 256 }),
    TopicArn: Type.String({ minLength: 1, maxLength: 512 }),
    Subject: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    Message: Type.String({ description: 'a CloudWatch alarm as JSON text' }),
    Timestamp: Type.String({ description: 'ISO 8601' }),
    Token: Type.Optional(Type.String()),
    SubscribeURL: Type.Optional(Type.String({ maxLength: 2048 })),
    SignatureVersion: Type.String(),
    Signature: Type.String({ maxLength: 2048 }),
    SigningCertURL: Type.String({ maxLength: 2048 }),
  },
  { title: 'SnsMessage', description: 'A notification or a confirmation of Amazon SNS.' },
);
export type SnsMessage = Static<typeof SnsMessage>;
