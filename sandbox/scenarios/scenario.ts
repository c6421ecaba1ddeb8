import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { durationMs } from '../../src/domain/duration.js';
import { OUTCOMES, PHASES } from '../../src/domain/remediation.js';
import { AUTONOMY } from '../../src/domain/policy.js';

const closed = { additionalProperties: false } as const;
const literals = <T extends readonly string[]>(values: T) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });
const oneOrMore = <T extends TSchema>(one: T) => Type.Union([one, Type.Array(one, { minItems: 1 })]);

/** `30s`, `1m30s`, `500ms`. */
const Duration = Type.String({ pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h))+$' });
/** `after: 10s`, where YAML took it for a text. */
const AFTER = '^after:? ?(\\d+(\\.\\d+)?(ms|s|m|h))+$';
/** `kind/name`; `namespace/kind/name` where a list may name other namespaces. */
const ObjectName = Type.String({ pattern: '^[^/\\s]+/[^/\\s]+(/[^/\\s]+)?$' });
const TextMap = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]));
const Amount = Type.Union([Type.String(), Type.Number()]);

/** One row of the image table (sandbox.md 2). */
export const Image = Type.Object(
  {
    image: Type.String({ minLength: 1 }),
    pull: Type.Optional(literals(['ok', 'not_found', 'unauthorized'] as const)),
    memory: Type.Optional(Amount),
    cpu: Type.Optional(Amount),
    disk: Type.Optional(Amount),
    command: Type.Optional(Type.Array(Type.String())),
    env: Type.Optional(Type.Array(Type.String())),
    envEquals: Type.Optional(TextMap),
    files: Type.Optional(Type.Array(Type.String())),
    fileContains: Type.Optional(Type.Record(Type.String(), oneOrMore(Type.String()))),
    listens: Type.Optional(Type.Array(Type.Integer())),
    paths: Type.Optional(Type.Array(Type.String())),
    dependsOn: Type.Optional(Type.Array(Type.String())),
    exit: Type.Optional(
      Type.Union([Type.Integer(), Type.Object({ code: Type.Integer(), log: Type.Optional(Type.String()), after: Type.Optional(Duration) }, closed)]),
    ),
    startup: Type.Optional(Duration),
    logs: Type.Optional(Type.Array(Type.String())),
    access: Type.Optional(Type.Array(Type.String())),
    load: Type.Optional(Type.Object({ cpu: Type.Optional(Amount), memory: Type.Optional(Amount) }, closed)),
  },
  closed,
);
export type Image = Static<typeof Image>;

const Namespace = Type.Optional(Type.String({ minLength: 1 }));
const when = { when: Type.Optional(literals(PHASES)) };

const Patch = Type.Object(
  {
    target: ObjectName,
    namespace: Namespace,
    type: Type.Optional(literals(['strategic', 'merge', 'json'] as const)),
    subresource: Type.Optional(Type.String()),
    body: Type.Union([Type.Object({}), Type.Array(Type.Object({}))]),
  },
  closed,
);
const Scale = Type.Object({ target: ObjectName, namespace: Namespace, replicas: Type.Integer({ minimum: 0 }) }, closed);
const Removal = Type.Union([ObjectName, Type.Object({ target: ObjectName, namespace: Namespace }, closed)]);

/** One thing that is done to the cluster; exactly one verb each. */
export const FaultStep = Type.Union([
  Type.Object({ patch: Patch, namespace: Namespace, ...when }, closed),
  Type.Object({ apply: Type.String({ minLength: 1 }), ...when }, closed),
  Type.Object({ delete: Removal, namespace: Namespace, ...when }, closed),
  Type.Object({ scale: Scale, namespace: Namespace, ...when }, closed),
  Type.Object({ wait: Duration, ...when }, closed),
  Type.Object({ images: Type.Array(Image), ...when }, closed),
]);
export type FaultStep = Static<typeof FaultStep>;
export const FAULT_VERBS = ['patch', 'apply', 'delete', 'scale', 'wait', 'images'] as const;

export const Alert = Type.Object(
  {
    status: Type.Optional(literals(['firing', 'resolved'] as const)),
    labels: TextMap,
    annotations: Type.Optional(TextMap),
    startsAt: Type.Optional(Type.String()),
    endsAt: Type.Optional(Type.String()),
    generatorURL: Type.Optional(Type.String()),
    fingerprint: Type.Optional(Type.String()),
  },
  closed,
);
export type Alert = Static<typeof Alert>;

/** What the state must be at the end; all conditions given must hold. */
export const Assertion = Type.Object(
  {
    get: ObjectName,
    namespace: Namespace,
    path: Type.Optional(Type.String({ minLength: 1 })),
    equals: Type.Optional(Type.Unknown()),
    notEquals: Type.Optional(Type.Unknown()),
    in: Type.Optional(Type.Array(Type.Unknown())),
    atLeast: Type.Optional(Amount),
    exists: Type.Optional(Type.Boolean()),
    absent: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type Assertion = Static<typeof Assertion>;
export const CONDITIONS = ['equals', 'notEquals', 'in', 'atLeast', 'exists', 'absent'] as const;

const Limits = Type.Record(Type.String(), Type.Unknown());
const scope = { autonomy: Type.Optional(literals(AUTONOMY)), approvalTimeout: Type.Optional(Duration), actions: Type.Optional(Type.Record(Type.String(), Limits)) };
export const ScenarioPolicy = Type.Object({ ...scope, namespaces: Type.Optional(Type.Record(Type.String(), Type.Object(scope, closed))) }, closed);
export type ScenarioPolicy = Static<typeof ScenarioPolicy>;

const Outcome = literals([...OUTCOMES, 'none'] as const);
export type ExpectedOutcome = Static<typeof Outcome>;

const Expectation = Type.Object(
  {
    outcome: oneOrMore(Outcome),
    /** The analysis named this cause, or one below it (`oom` takes `oom.growth`). */
    cause: Type.Optional(oneOrMore(Type.String({ pattern: '^[a-z_]+(\\.[a-z_]+)*$' }))),
    target: Type.Optional(ObjectName),
    actions: Type.Optional(
      Type.Object(
        { first: Type.Optional(oneOrMore(Type.String())), atMost: Type.Optional(Type.Integer({ minimum: 0 })), never: Type.Optional(Type.Array(Type.String())) },
        closed,
      ),
    ),
    state: Type.Optional(Type.Array(Assertion)),
    changed: Type.Optional(Type.Array(ObjectName)),
    within: Type.Optional(Duration),
  },
  closed,
);
export type Expectation = Static<typeof Expectation>;

/** The file format of sandbox.md 4, closed: a misspelt key is an error, never a check that silently does not run. */
export const Scenario = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' }),
    title: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    /** Analyzers that this file is the proof of: each must have named the cause of one of its remediations. */
    covers: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z_]+$' }), { minItems: 1 })),
    namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
    images: Type.Optional(Type.Array(Image)),
    before: Type.Optional(Type.String()),
    fault: Type.Optional(Type.Array(FaultStep)),
    signal: Type.Optional(Type.Object({ alertmanager: Type.Array(Alert, { minItems: 1 }) }, closed)),
    resolve: Type.Optional(Type.Union([Type.Literal('never'), Type.String({ pattern: AFTER }), Type.Object({ after: Duration }, closed)])),
    policy: Type.Optional(ScenarioPolicy),
    approve: Type.Optional(Type.Union([literals(['auto', 'never', 'reject'] as const), Type.Object({ candidate: Type.Integer({ minimum: 1 }) }, closed)])),
    disturb: Type.Optional(Type.Array(FaultStep)),
    expect: Expectation,
  },
  closed,
);
export type Scenario = Static<typeof Scenario>;

/** How long after the signal the alert is resolved by hand: `never`, milliseconds, or `undefined` = the ticker decides. */
export function resolveAfterMs({ resolve }: Pick<Scenario, 'resolve'>): number | 'never' | undefined {
  if (resolve === undefined || resolve === 'never') return resolve as 'never' | undefined;
  return durationMs(typeof resolve === 'string' ? resolve.replace(/^after:? ?/, '') : resolve.after);
}
