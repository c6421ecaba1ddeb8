import { Type, type Static } from '@sinclair/typebox';
import { SEVERITIES } from '../domain/signal.js';
import { RISKS, TargetSchema, VerdictView } from './remediation.js';

const literals = <T extends readonly string[]>(values: T, more: object = {}) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...more });
const Texts = Type.Record(Type.String({ maxLength: 253 }), Type.String({ maxLength: 4096 }), { maxProperties: 100 });
const Name = Type.String({ minLength: 1, maxLength: 253 });

/** `POST /api/v1/analyze-alert` (product.md 4). What the labels say beats the members beside them. */
export const AnalyzeAlertBody = Type.Object(
  {
    alert: Type.Object(
      {
        name: Type.Optional(Name),
        severity: Type.Optional(Type.String({ maxLength: 64, description: `one of ${SEVERITIES.join(', ')}, or a usual word for one` })),
        namespace: Type.Optional(Name),
        resource: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'kind/name or a name, which is then a Deployment', examples: ['deployment/api'] })),
        status: Type.Optional(Type.String({ maxLength: 64 })),
        labels: Type.Optional(Texts),
        annotations: Type.Optional(Texts),
        startsAt: Type.Optional(Type.String({ maxLength: 64 })),
      },
      { description: 'an alert as AlertManager writes one fits as well' },
    ),
    context: Type.Optional(
      Type.Object({
        cluster_info: Type.Optional(Type.Unknown({ description: 'untrusted: a model may read the first 2000 characters' })),
        historical_data: Type.Optional(Type.Unknown({ description: 'untrusted: a model may read the first 2000 characters' })),
      }),
    ),
  },
  { description: 'what would be done about this alert now' },
);
export type AnalyzeAlertBody = Static<typeof AnalyzeAlertBody>;

export const AlertAnalysis = Type.Object({
  request_id: Type.String(),
  action: Type.String({ description: 'an id of the catalogue, or `no_action`: `outcome` says why' }),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  reasoning: Type.Object({
    summary: Type.String(),
    primary_reason: Type.String(),
    historical_context: Type.String(),
    oscillation_risk: literals(RISKS),
    oscillation_why: Type.String(),
  }),
  parameters: Type.Record(Type.String(), Type.Unknown()),
  cause: Type.String(),
  source: literals(['rules', 'model', 'both'] as const),
  /** What the action would be done to; without one what the alert is about. */
  target: Type.Optional(TargetSchema),
  /** Of the plan, in order; more than one where a template arranged it. */
  steps: Type.Array(Type.Object({ action: Type.String(), summary: Type.String(), tier: Type.Integer(), undo: Type.String() })),
  mode: Type.Optional(literals(['act', 'observe', 'suggest'] as const)),
  outcome: Type.Optional(Type.String({ description: 'how a remediation would end where nothing is to be done; `wait` while a rollout is moving' })),
  why: Type.Optional(Type.String()),
  verdict: Type.Optional(VerdictView),
  alternatives: Type.Array(Type.Object({ action: Type.String(), reason: Type.String() })),
  edit: Type.Optional(Type.String({ description: 'for a person, where no action can do it' })),
});
export type AlertAnalysis = Static<typeof AlertAnalysis>;
