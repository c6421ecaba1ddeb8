import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { OUTCOMES, PHASES } from '../domain/remediation.js';
import { Remediation } from './remediation.js';

const literals = <T extends readonly string[]>(values: T, more: object = {}) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...more });
const listOf = <T extends TSchema>(items: T) => Type.Object({ items: Type.Array(items) });

/** RFC 9457, with the envelope that clients of earlier versions read. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String(),
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    details: Type.Object({ service: Type.String(), endpoint: Type.String(), retry_after: Type.Union([Type.Integer({ description: 'seconds' }), Type.Null()]) }),
    request_id: Type.String(),
    timestamp: Type.String(),
  }),
});
export type Problem = Static<typeof Problem>;

export const SIGNAL_OUTCOMES = ['started', 'joined', 'duplicate', 'suppressed', 'rejected'] as const;

/** What became of one alert at the door. */
export const SignalResult = Type.Object({
  fingerprint: Type.Optional(Type.String()),
  outcome: literals(SIGNAL_OUTCOMES),
  remediation_id: Type.Optional(Type.String()),
  workflow_id: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
});
export type SignalResult = Static<typeof SignalResult>;

export const SignalResults = Type.Object({
  request_id: Type.String(),
  results: Type.Array(SignalResult),
  truncated_alerts: Type.Optional(Type.Integer({ description: 'alerts the sender left out; raise its limit' })),
});
export type SignalResults = Static<typeof SignalResults>;

export const Health = Type.Object({
  healthy: Type.Boolean(),
  status: literals(['healthy', 'degraded', 'unhealthy'] as const),
  service: Type.String(),
  version: Type.String(),
  uptime: Type.Number({ description: 'seconds' }),
});

export const COMPONENT_STATES = ['up', 'down', 'degraded'] as const;
export const Ready = Type.Object({
  ...Health.properties,
  components: Type.Record(Type.String(), literals(COMPONENT_STATES)),
  issues: Type.Array(Type.String()),
});
export type Ready = Static<typeof Ready>;

export const RemediationQuery = Type.Object(
  {
    namespace: Type.Optional(Type.String()),
    phase: Type.Optional(literals(PHASES)),
    outcome: Type.Optional(literals(OUTCOMES)),
    target: Type.Optional(Type.String({ description: '`kind/name` or a name' })),
    since: Type.Optional(Type.String({ description: 'RFC 3339, or a duration back from now like 24h' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
    cursor: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type RemediationQuery = Static<typeof RemediationQuery>;

export const RemediationPage = Type.Object({ items: Type.Array(Remediation), next: Type.Optional(Type.String()) });

export const RemediationId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 600, description: 'the id, a unique prefix of it, or kind/name' }) });
export const NamespaceQuery = Type.Object({ namespace: Type.Optional(Type.String()) }, { additionalProperties: false });

const by = Type.Optional(Type.String({ minLength: 1, maxLength: 253, description: 'who decides; goes into the record' }));
const reason = Type.Optional(Type.String({ maxLength: 2000 }));
const plan = Type.Optional(Type.String({ minLength: 6, maxLength: 64, description: 'hash of the plan that was looked at, or ≥ 6 first digits' }));
export const DecisionBody = Type.Union([Type.Object({ by, reason, plan }, { additionalProperties: false }), Type.Null()]);
export type DecisionBody = { by?: string; reason?: string; plan?: string } | null;

export const ApproveBody = Type.Union([
  Type.Object(
    {
      by,
      reason,
      plan,
      candidate: Type.Optional(
        Type.Union([Type.Integer({ minimum: 1, maximum: 100 }), Type.String({ minLength: 1, maxLength: 600 })], { description: 'another way: its number (1 is the plan itself) or its key' }),
      ),
      parameters: Type.Optional(Type.Record(Type.String({ maxLength: 100 }), Type.Unknown(), { maxProperties: 20, description: 'laid over those of the plan, or of that candidate' })),
    },
    { additionalProperties: false },
  ),
  Type.Null(),
]);
export type ApproveBody = { by?: string; reason?: string; plan?: string; candidate?: string | number; parameters?: Record<string, unknown> } | null;

export const DecisionAccepted = Type.Object({
  accepted: Type.Boolean(),
  remediation_id: Type.String(),
  plan_hash: Type.Optional(Type.String()),
  picked: Type.Optional(Type.String({ description: 'key of the candidate that was picked' })),
  waits: Type.Optional(Type.String({ description: 'why what was picked must be approved once more, by its own hash' })),
  request_id: Type.String(),
});

export const ActionInfo = Type.Object({
  id: Type.String(),
  summary: Type.String(),
  tier: Type.Integer(),
  targets: Type.Array(Type.String()),
  undo: Type.String({ description: 'exact, partial, or why it cannot be undone' }),
  timeout_seconds: Type.Integer(),
  parameters: Type.Unknown({ description: 'JSON Schema' }),
  permissions: Type.Array(Type.Unknown()),
  example: Type.Unknown(),
});
export type ActionInfo = Static<typeof ActionInfo>;
export const ActionList = listOf(ActionInfo);

/** What a store would change (NUL, a byte order mark) would be paused for ever: nobody could name it any more. */
const name = Type.Optional(Type.String({ minLength: 1, maxLength: 253, pattern: '^[\\x21-\\x7e]+$' }));
const scope = { cluster: name, namespace: name, action: name };
export const PauseScope = Type.Object(scope, { additionalProperties: false });
export type PauseScope = Static<typeof PauseScope>;
export const PauseBody = Type.Object(
  {
    ...scope,
    by: Type.String({ minLength: 1, maxLength: 253, pattern: '\\S' }),
    reason: Type.String({ minLength: 1, maxLength: 2000, pattern: '\\S' }),
    until: Type.Optional(Type.String({ description: 'RFC 3339, or a duration from now like 2h' })),
  },
  { additionalProperties: false },
);
export type PauseBody = Static<typeof PauseBody>;
/** What a new pause stops: open remediations in its scope that have not written yet, or are writing. */
export const PauseSet = Type.Object({
  ...scope,
  by: Type.String(),
  reason: Type.String(),
  until: Type.Optional(Type.String()),
  stops: Type.Array(Type.Object({ id: Type.String(), target: Type.String(), phase: Type.String() })),
});
export type PauseSet = Static<typeof PauseSet>;
const StormState = Type.Object(
  {
    cluster: Type.String(),
    since: Type.String(),
    why: Type.String(),
    calm_since: Type.Optional(Type.String({ description: 'it is over when this is policy.storm.cooldown ago' })),
  },
  { description: 'storm mode: nothing new is written on this cluster' },
);
export type StormState = Static<typeof StormState>;
export const PauseList = Type.Object({ items: Type.Array(PauseBody), storm: Type.Optional(StormState) });
export type PauseList = Static<typeof PauseList>;

export const Info = Type.Object({
  service: Type.String(),
  version: Type.String(),
  uptime: Type.Number(),
  cluster: Type.String(),
  autonomy: Type.String(),
  dry_run: Type.Boolean(),
  storm: Type.Optional(StormState),
  sources: Type.Array(Type.String()),
  actions: Type.Array(Type.String()),
  channels: Type.Array(Type.String()),
  has_model: Type.Boolean(),
  horizons: Type.Array(Type.String()),
  links: Type.Record(Type.String(), Type.String()),
});

export const ServiceInfo = Type.Object({
  service: Type.String(),
  version: Type.String(),
  description: Type.String(),
  capabilities: Type.Array(Type.String()),
  endpoints: Type.Array(Type.Object({ method: Type.String(), path: Type.String(), summary: Type.String() })),
});
