import { Type, type TProperties } from '@sinclair/typebox';
import { EFFECTS } from '../domain/policy-rule.js';
import { DURATION_PATTERN, list, oneOf, text } from './fields.js';

const closed = { additionalProperties: false };
const NAME = { pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$', expected: 'a name of lower-case letters, digits and dashes' };
const GLOB = { maxLength: 253, pattern: '^[A-Za-z0-9*?]([-A-Za-z0-9.*?]*[A-Za-z0-9*?])?$', expected: 'a name, with * for any characters and ? for one' };
const time = (description: string, example: string) => text(description, example, { pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:\\d\\d)$', expected: 'a time with its zone (RFC 3339)' });
const sentence = (description: string, example: string) => text(description, example, { maxLength: 500 });

export const globs = (description: string, example: string[]) => Type.Optional(Type.Array(text('a name or a glob', example[0]!, GLOB), { description, maxItems: 200, examples: [example] }));
const entry = <P extends TProperties>(properties: P, example: object) => Type.Object(properties, { ...closed, examples: [example] });

const Signed = entry(
  {
    by: sentence('who answers for it', 'ana@example.com'),
    reason: sentence('why', 'the nightly failover drill'),
    until: time('RFC 3339; from then on it does nothing', '2030-01-31T00:00:00Z'),
    actions: Type.Array(text('an action id', 'drain_node'), { description: 'exactly these actions', minItems: 1, maxItems: 20, examples: [['drain_node']] }),
    namespaces: globs('bounds: the namespaces of the target', ['shop-*']),
    names: globs('bounds: the names of the target', ['worker-*']),
  },
  { by: 'ana@example.com', reason: 'failover drill', until: '2030-01-31T00:00:00Z', actions: ['failover_database'], namespaces: ['shop-staging'] },
);

const RULE_EXAMPLE = { name: 'payments-ask', when: 'has(namespaceLabels.team) && namespaceLabels.team == "payments" && tier >= 2', effect: 'ask', message: 'payments wants to know' };

const Rule = entry(
  {
    name: text('a name of its own', 'payments-ask', NAME),
    when: text('a CEL expression over the step', 'environment == "prod" && tier >= 2'),
    effect: oneOf(EFFECTS, 'what happens to a step it is true for'),
    message: Type.Optional(sentence('why, for people', 'payments wants to know')),
    approvers: Type.Optional(Type.Array(text('a person or a group', 'ana'), { description: 'who is to be asked', maxItems: 50, examples: [['ana@example.com', 'group:payments-oncall']] })),
    signed: Type.Optional(Signed),
  },
  RULE_EXAMPLE,
);

export const rules = list(Rule, 'rules over each writing step, beside the shipped ones; the strictest that holds decides', [], [RULE_EXAMPLE]);

const WINDOW_EXAMPLE = { name: 'weekend', kind: 'freeze', schedule: '0 22 * * FRI', duration: '56h', timezone: 'Europe/Berlin', namespaces: ['shop-*'], then: 'wait' };

const Window = entry(
  {
    name: text('a name of its own', 'weekend', NAME),
    kind: oneOf(['freeze', 'maintenance'], 'freeze: nothing is written in it; maintenance: nothing is written outside of it'),
    schedule: Type.Optional(text('five-field cron: when it begins', '0 22 * * FRI')),
    duration: Type.Optional(Type.String({ description: 'how long it lasts from there, in elapsed time', examples: ['8h'], pattern: DURATION_PATTERN, expected: 'a duration like 30m, 8h or 30d' })),
    timezone: Type.Optional(text('IANA name; default UTC', 'Europe/Berlin')),
    from: Type.Optional(time('instead of a schedule: its beginning', '2030-12-20T00:00:00+01:00')),
    to: Type.Optional(time('its end', '2031-01-07T00:00:00+01:00')),
    namespaces: globs('only targets in these', ['shop-*']),
    environments: globs('only targets in these', ['prod']),
    actions: globs('only these', ['restart_pod']),
    clusters: globs('only these', ['prod-eu']),
    tiers: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 3, description: 'a tier', examples: [2] }), { description: 'only these', examples: [[2, 3]] })),
    then: Type.Optional(oneOf(['wait', 'ask', 'deny'], 'what a write meets that is not to be now; default wait')),
    override: Type.Optional(Type.Boolean({ description: 'a person may end the wait with a reason', examples: [true] })),
    message: Type.Optional(sentence('why, for people', 'nobody is at work')),
  },
  WINDOW_EXAMPLE,
);

export const windows = list(Window, 'freezes and maintenance windows', [], [WINDOW_EXAMPLE]);

const PROTECTED_EXAMPLE = { kind: 'StatefulSet', namespace: 'shop', name: 'ledger-*', reason: 'money' };

const Protected = Type.Object(
  {
    kind: Type.Optional(text('a kind or a glob', 'StatefulSet', GLOB)),
    namespace: Type.Optional(text('a namespace or a glob', 'shop', GLOB)),
    name: Type.Optional(text('a name or a glob', 'ledger-*', GLOB)),
    labels: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'labels it has, exactly', examples: [{ tier: 'gold' }] })),
    reason: Type.Optional(sentence('why, for people', 'money')),
  },
  { ...closed, minProperties: 1, expected: 'kind, namespace, name or labels', examples: [PROTECTED_EXAMPLE] },
);

export const protectedObjects = list(Protected, 'nothing is ever written to what fits one of these, to what it owns, or through it', [], [PROTECTED_EXAMPLE]);

const figure = (description: string, example: number) => Type.Optional(Type.Integer({ description, minimum: 1, maximum: 1_000_000, examples: [example] }));

export const disruptionBudget = Type.Object(
  {
    perNamespacePerHour: figure('disruptive actions in one namespace within an hour', 5),
    perClusterPerDay: figure('the same on one cluster within a day', 50),
    perWorkloadPerDay: figure('the same on one object within a day', 3),
    maxPodsAtOnce: figure('pods that one step may take down side by side', 3),
    exceeded: oneOf(['ask', 'escalate'], 'what a step meets that would go over one of them', 'escalate'),
  },
  { ...closed, description: 'How much may be disturbed (tiers 2 and 3), over all remediations and processes. Without figures nothing is bounded.', default: {} },
);

export const opa = Type.Object(
  {
    url: text('the decision in the data API of Open Policy Agent', 'http://opa:8181/v1/data/kubernaut/decision', { pattern: '^https?://[^\\s]+$', expected: 'an http or https URL' }),
    timeout: Type.Optional(Type.String({ description: 'one question; default 2s', examples: ['2s'], pattern: DURATION_PATTERN, expected: 'a duration like 500ms or 2s' })),
    failure: Type.Optional(oneOf(['ask', 'deny', 'allow'], 'what its silence means; default ask')),
    tokenFile: Type.Optional(text('a file with a bearer token', '/var/run/secrets/opa/token')),
  },
  { ...closed, description: 'a policy server of your own, asked beside this policy; it only tightens', examples: [{ url: 'http://opa:8181/v1/data/kubernaut/decision' }] },
);
