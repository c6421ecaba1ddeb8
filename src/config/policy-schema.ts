import { Type } from '@sinclair/typebox';
import { AUTONOMY, DEFAULT_POLICY, type Policy } from '../domain/policy.js';
import { SEVERITIES } from '../domain/signal.js';
import { count, duration, flag, list, oneOf, section, text } from './fields.js';
import { disruptionBudget, globs, opa, protectedObjects, rules, windows } from './policy-rule-schema.js';

const scope = {
  autonomy: Type.Optional(oneOf(AUTONOMY, 'what may happen without a person', 'approve')),
  approvalTimeout: Type.Optional(Type.String({ ...duration('how long a plan waits for a person', '1h'), default: undefined })),
  approvers: Type.Optional(Type.Array(text('sub or name of a token, group:<role>, token-0, link:<channel>', 'group:sre-oncall'), { description: 'who may approve; absent: everybody who may decide', examples: [['group:sre-oncall']] })),
};

const Action = Type.Object(
  { ...scope, enabled: Type.Optional(Type.Boolean({ description: 'false takes the action out of the catalogue', examples: [false] })) },
  { description: 'autonomy and limits (maxReplicas, minAge, …) of one action', examples: [{ autonomy: 'auto', maxReplicas: 20 }] },
);

const actions = (description: string) =>
  Type.Record(Type.String(), Action, { description, default: {}, examples: [{ scale_deployment: { autonomy: 'auto', maxReplicas: 20 } }] });

const Scope = Type.Object(scope, { additionalProperties: false, examples: [{ autonomy: 'approve' }] });

const tiers = Type.Object(
  { 1: Type.Optional(Scope), 2: Type.Optional(Scope), 3: Type.Optional(Scope) },
  { additionalProperties: false, description: 'per tier', examples: [{ 2: { autonomy: 'approve' } }] },
);

const place = { ...scope, actions: Type.Optional(Type.Record(Type.String(), Action)), tiers: Type.Optional(tiers) };

const Namespace = Type.Object(place, { additionalProperties: false, examples: [{ autonomy: 'auto' }] });

const Environment = Type.Object(
  { ...place, namespaces: globs('the namespaces of it; these beat the labels of a namespace', ['shop-*']) },
  { additionalProperties: false, examples: [{ namespaces: ['shop-*'], autonomy: 'approve' }] },
);

const Pause = Type.Object(
  {
    cluster: Type.Optional(text('a cluster', 'prod')),
    namespace: Type.Optional(text('a namespace', 'shop')),
    action: Type.Optional(text('an action id', 'restart_pod')),
    by: text('who', 'ana'),
    reason: text('why', 'release freeze'),
    until: Type.Optional(text('RFC 3339', '2030-01-01T00:00:00Z')),
  },
  { additionalProperties: false, examples: [{ namespace: 'shop', by: 'ana', reason: 'release freeze' }] },
);

/** Shape of `domain/policy.ts:Policy`; the part of the file that is re-read while running. */
const PolicyObject = section('What may be done, where, how often, and who is asked. Re-read when the file changes.', {
  autonomy: oneOf(AUTONOMY, 'the default everywhere', DEFAULT_POLICY.autonomy),
  approvalTimeout: duration('how long a plan waits for a person before it expires', DEFAULT_POLICY.approvalTimeout),
  approvers: scope.approvers,
  approvals: section('While a plan waits for a person.', {
    remindAfter: list(duration('after the question', '15m'), 'the channels are told again', ['15m', '45m'], ['15m', '45m']),
    escalateAfter: Type.Optional(Type.String({ ...duration('so long nobody decided: escalateTo is told', '30m'), default: undefined })),
    escalateTo: list(text('a channel', 'email'), 'channels that are told then', [], ['email']),
  }),
  namespaces: Type.Record(Type.String(), Namespace, { description: 'per namespace', default: {}, examples: [{ shop: { autonomy: 'auto' } }] }),
  environments: Type.Record(Type.String(), Environment, { description: 'per environment', default: {}, examples: [{ prod: { namespaces: ['shop-*'], autonomy: 'approve' } }] }),
  environmentLabels: list(text('a label', 'environment'), 'labels of a namespace that name its environment; the first that is there', DEFAULT_POLICY.environmentLabels, ['environment', 'env']),
  tiers: { ...tiers, default: {} } as typeof tiers,
  severities: Type.Partial(Type.Object(Object.fromEntries(SEVERITIES.map((s) => [s, Type.Object(scope, { additionalProperties: false })]))), {
    description: 'per severity', additionalProperties: false, default: {}, examples: [{ critical: { autonomy: 'approve' } }],
  }),
  actions: actions('per action'),
  protectedNamespaces: list(text('a namespace', 'kube-system'), 'nothing is ever written here', DEFAULT_POLICY.protectedNamespaces, ['kube-system']),
  protected: protectedObjects,
  rules,
  shippedRules: section('The rules that come with Kubernaut (docs/guides/policy.md).', {
    enabled: flag('they hold', true),
    without: list(text('the name of a shipped rule', 'large-workload-asks'), 'shipped rules that do not hold', [], ['large-workload-asks']),
  }),
  windows,
  disruptionBudget,
  opa: Type.Optional(opa),
  cooldown: duration('the same action on the same target not again before this', DEFAULT_POLICY.cooldown),
  maxActionsPerTargetPerHour: count('writing actions per target and hour', DEFAULT_POLICY.maxActionsPerTargetPerHour, 1, 1000),
  maxIneffective: count('failures of an action on a target within a day before it is not tried again', DEFAULT_POLICY.maxIneffective, 1, 1000),
  storm: section('Storm mode: above one of these, a cluster is only read and told about (tier 0) until it has calmed down.', {
    remediationsPerMinute: count('most new remediations of a cluster within a minute', DEFAULT_POLICY.storm.remediationsPerMinute),
    nodesNotReady: count('most NotReady nodes in percent; a single one is never too many', DEFAULT_POLICY.storm.nodesNotReady, 1, 100),
    cooldown: duration('it is over when both have been at half of that for this long', DEFAULT_POLICY.storm.cooldown),
  }),
  dryRun: flag('plan and record everywhere, write nothing', DEFAULT_POLICY.dryRun),
  pauses: list(Pause, 'kill switches set in the file', [], [{ namespace: 'shop', by: 'ana', reason: 'release freeze' }]),
});

export const PolicySchema = Type.Unsafe<Policy>(PolicyObject);
