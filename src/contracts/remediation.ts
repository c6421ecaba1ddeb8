import { Type, type Static } from '@sinclair/typebox';
import { ENDINGS } from '../domain/investigation.js';
import { APPROVAL_VIAS } from '../domain/messages.js';
import { OUTCOMES, PHASES } from '../domain/remediation.js';
import { SEVERITIES } from '../domain/signal.js';

const Time = Type.String({ description: 'RFC 3339' });
const literals = <T extends readonly string[]>(values: T, more: object = {}) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...more });

export const TargetSchema = Type.Object({
  cluster: Type.String(),
  apiVersion: Type.String(),
  kind: Type.String(),
  namespace: Type.Optional(Type.String()),
  name: Type.String(),
  uid: Type.Optional(Type.String()),
});

export const RemediationStep = Type.Object({
  ordinal: Type.Integer(),
  action: Type.String(),
  target: TargetSchema,
  parameters: Type.Record(Type.String(), Type.Unknown()),
  tier: Type.Integer(),
  status: literals(['planned', 'running', 'applied', 'already_applied', 'failed', 'undone', 'undo_refused', 'skipped'] as const),
  summary: Type.String(),
  undo: literals(['exact', 'partial', 'none'] as const),
  started_at: Type.Optional(Time),
  ended_at: Type.Optional(Time),
  result: Type.Optional(Type.String({ description: 'what it came to, or the error code and message' })),
  /** Which try of the ladder it belongs to, from 0. */
  rung: Type.Integer(),
  wrote: Type.Optional(Type.Array(Type.Object({ path: Type.String(), value: Type.String(), before: Type.Optional(Type.String()) }))),
  effect: Type.Optional(Type.String()),
  cause: Type.Optional(Type.String({ description: 'what it was taken against' })),
});
export type RemediationStep = Static<typeof RemediationStep>;

export const Assessment = Type.Object({
  horizon: Type.String(),
  due_at: Time,
  at: Type.Optional(Time),
  verdict: Type.Optional(literals(['effective', 'improving', 'ineffective', 'harmful', 'inconclusive'] as const)),
  evidence: Type.Array(Type.String()),
  rung: Type.Integer(),
});
export type Assessment = Static<typeof Assessment>;

export const VerdictView = Type.Object({
  decision: literals(['allow', 'ask', 'deny'] as const),
  findings: Type.Array(
    Type.Object({ check: Type.String(), reason: Type.String(), message: Type.String(), severity: literals(['info', 'ask', 'deny'] as const), rule: Type.Optional(Type.String({ description: 'the rule of the policy that made it' })) }),
  ),
  /** What the policy said of each step, also where nothing stood in the way. */
  rules: Type.Optional(Type.Array(Type.Object({ rule: Type.String(), effect: Type.String(), why: Type.String() }))),
  approvers: Type.Optional(Type.Array(Type.String(), { description: 'who is to be asked, where rules of the policy say so' })),
});

export const RISKS = ['low', 'medium', 'high'] as const;

/** Why, in the parts that `POST /api/v1/analyze-alert` names. */
export const Reasoning = Type.Object({
  summary: Type.Optional(Type.String({ description: 'what is wrong and what is to be done, in a sentence' })),
  primary_reason: Type.Optional(Type.String({ description: 'what decided' })),
  historical_context: Type.Optional(Type.String({ description: 'what was tried here before, and what it came to' })),
  oscillation_risk: Type.Optional(Type.Object({ level: literals(RISKS), why: Type.String() })),
});
export type Reasoning = Static<typeof Reasoning>;

/** How a model looked for the cause: what it asked, what that found, what it cost, and why it ended. */
export const InvestigationView = Type.Object({
  by: Type.Optional(Type.String({ description: 'the model that answered last' })),
  turns: Type.Integer({ description: 'answers' }),
  tools: Type.Integer({ description: 'looks that were asked for, repeats included' }),
  repeated: Type.Integer({ description: 'looks that were answered from what was found before' }),
  tokens: Type.Integer(),
  cost: Type.Optional(Type.Number({ description: 'USD; absent: unknown' })),
  ended: literals(ENDINGS),
  asked: Type.Array(Type.Object({ turn: Type.Integer(), tool: Type.String(), summary: Type.String(), found: Type.String(), failed: Type.Optional(Type.Boolean()), truncated: Type.Optional(Type.Boolean()) })),
  /** References of the kept answers and results, in order: enough to decide again. */
  transcript: Type.Array(Type.String()),
});
export type InvestigationView = Static<typeof InvestigationView>;

/** Another way that was ranked: planned and checked only when somebody picks it. */
export const Alternative = Type.Object({
  key: Type.String({ description: 'names it; its number in this list + 2 does as well (1 is the plan itself)' }),
  action: Type.String(),
  target: Type.String(),
  parameters: Type.Record(Type.String(), Type.Unknown()),
  summary: Type.String(),
  confidence: Type.Number({ description: '0..1' }),
  source: literals(['rules', 'model', 'both'] as const),
  tier: Type.Integer(),
});
export type Alternative = Static<typeof Alternative>;

/** What is different from the plan that was asked about before. */
export const PlanDiff = Type.Object({
  from: Type.String({ description: 'hash of the plan before' }),
  to: Type.String(),
  changes: Type.Array(
    Type.Object({
      what: literals(['step', 'target', 'parameter', 'write', 'undo', 'cause', 'check', 'problem'] as const),
      where: Type.String({ description: 'step, field, check or alert' }),
      from: Type.Optional(Type.String()),
      to: Type.Optional(Type.String()),
      text: Type.String({ description: 'in words' }),
    }),
  ),
});
export type PlanDiff = Static<typeof PlanDiff>;

export const Approval = Type.Object({
  state: literals(['pending', 'approved', 'rejected', 'expired'] as const),
  by: Type.Optional(Type.String()),
  via: Type.Optional(literals(APPROVAL_VIAS, { description: 'how that was known: claim = said, not shown' })),
  at: Type.Optional(Time),
  reason: Type.Optional(Type.String()),
  expires_at: Type.Optional(Time),
  asked_at: Type.Optional(Time),
  plan: Type.Optional(Type.String({ description: 'hash of the plan that was decided about' })),
  round: Type.Optional(Type.Integer({ description: 'how often people were asked, from 1' })),
  reminders: Type.Optional(Type.Integer({ description: 'how many were sent in this round' })),
  escalated_to: Type.Optional(Type.Array(Type.String(), { description: 'channels' })),
  approvers: Type.Optional(Type.Array(Type.String(), { description: 'who may approve (policy.approvers); absent: who may decide' })),
  alternatives: Type.Optional(Type.Array(Alternative)),
  picked: Type.Optional(Type.Object({ key: Type.String(), parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())), by: Type.String(), at: Time, from: Type.String({ description: 'hash of the plan it was picked instead of' }) })),
  why: Type.Optional(Type.String({ description: 'why people are asked again' })),
  diff: Type.Optional(PlanDiff),
});
export type Approval = Static<typeof Approval>;

/** How a remediation reads everywhere: API, CLI, webhooks (product.md 4). */
export const Remediation = Type.Object({
  id: Type.String(),
  workflow_id: Type.String(),
  run_id: Type.String(),
  cluster: Type.String(),
  target: TargetSchema,
  phase: literals(PHASES),
  outcome: Type.Optional(literals(OUTCOMES)),
  /** Why it ended so, in a sentence. */
  reason: Type.Optional(Type.String()),
  severity: literals(SEVERITIES),
  problems: Type.Array(
    Type.Object({
      fingerprint: Type.String(),
      alert: Type.String(),
      status: literals(['firing', 'resolved'] as const),
      started_at: Time,
      resolved_at: Type.Optional(Time),
      symptom_on: Type.Optional(Type.String({ description: 'the other object that it is about, where the target is its probable root' })),
    }),
  ),
  analysis: Type.Optional(
    Type.Object({
      source: literals(['rules', 'model', 'both'] as const),
      cause: Type.String(),
      analyzer: Type.Optional(Type.String({ description: 'the analyzer that found the cause; absent when only a model did' })),
      confidence: Type.Number(),
      reasoning: Type.String(),
      /** For a person, when no action of the catalogue can do it. */
      edit: Type.Optional(Type.String()),
      evidence_ref: Type.Optional(Type.String()),
      ...Reasoning.properties,
      investigation: Type.Optional(InvestigationView),
    }),
  ),
  plan: Type.Optional(Type.Object({ hash: Type.String(), template: Type.Optional(Type.String({ description: 'id@version of the template that arranged the steps' })), steps: Type.Array(RemediationStep) })),
  verdict: Type.Optional(VerdictView),
  decisions: Type.Optional(
    Type.Array(Type.Object({ at: Time, kind: Type.String({ description: 'plan, approval, …' }), ref: Type.Optional(Type.String({ description: 'artifact with everything that the decision read' })), summary: Type.String() }), {
      description: 'what was decided, in order; `kubernaut replay` decides a plan again',
    }),
  ),
  approval: Type.Optional(Approval),
  /** The write waits for the end of a freeze or for a maintenance window; gone when the wait is over. */
  hold: Type.Optional(Type.Object({ until: Time, rule: Type.String(), since: Time, can_override: Type.Boolean(), message: Type.String() })),
  assessments: Type.Array(Assessment),
  timeline: Type.Array(
    Type.Object({ at: Time, phase: Type.String(), text: Type.String(), durationMs: Type.Optional(Type.Number()) }),
  ),
  usage: Type.Object({ tokens: Type.Integer(), cost: Type.Optional(Type.Number()), api_requests: Type.Integer() }),
  started_at: Time,
  closed_at: Type.Optional(Time),
  links: Type.Object({ self: Type.Optional(Type.String()), temporal: Type.Optional(Type.String()) }),
  /** Grows with every save; an older snapshot never overwrites a newer one. */
  revision: Type.Integer(),
});
export type Remediation = Static<typeof Remediation>;
