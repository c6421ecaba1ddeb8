import { Type, type Static } from '@sinclair/typebox';
import { VerdictView } from './remediation.js';

/** `POST /api/v1/remediations/:id/replay`: decide a recorded incident again. Reads, writes nothing. Nothing need be said. */
const Asked = Type.Object(
  {
    model: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'ask this model of the configured provider anew; default: what was answered then' })),
    policy: Type.Optional(Type.Record(Type.String({ maxLength: 100 }), Type.Unknown(), { description: 'the policy section of a kubernaut.yaml; default: what was in force then' })),
    decision: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description: 'which plan of the remediation, from 0; default: the last' })),
  },
  { additionalProperties: false },
);
export const ReplayBody = Type.Union([Asked, Type.Null()]);
export type ReplayBody = Static<typeof Asked> | null;

/** A decision in the words that are compared. */
export const DecisionView = Type.Object({
  findings: Type.Array(Type.String({ description: 'cause, object and confidence, the surest first' })),
  proposals: Type.Array(Type.String({ description: 'of the model' })),
  candidates: Type.Array(Type.String({ description: 'in the order they would be tried' })),
  result: Type.String({ description: '`plan`, `wait`, or the outcome' }),
  cause: Type.String(),
  confidence: Type.Number(),
  plan_hash: Type.Optional(Type.String()),
  steps: Type.Array(Type.String()),
  mode: Type.Optional(Type.String()),
  verdict: Type.Optional(VerdictView),
  why: Type.Optional(Type.String()),
});
export type DecisionView = Static<typeof DecisionView>;

export const Replay = Type.Object({
  remediation_id: Type.String(),
  decided_at: Type.String({ description: 'RFC 3339' }),
  decision_ref: Type.String(),
  /** Nothing that is compared differs. */
  is_same: Type.Boolean(),
  differences: Type.Array(Type.Object({ what: Type.String(), before: Type.String(), after: Type.String() })),
  /** What the new decision would have wanted to know and nobody recorded. */
  unknown: Type.Array(Type.String()),
  before: DecisionView,
  after: DecisionView,
  /** The model that was asked anew. */
  model: Type.Optional(Type.String()),
  tokens: Type.Optional(Type.Integer()),
});
export type Replay = Static<typeof Replay>;
