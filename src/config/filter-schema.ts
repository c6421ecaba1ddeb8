import { Type, type Static } from '@sinclair/typebox';
import { SEVERITIES } from '../domain/signal.js';
import { DURATION_PATTERN, oneOf, text } from './fields.js';

const NAME = { pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$', expected: 'a name of lower-case letters, digits and dashes' };
const span = (description: string, example: string) => Type.String({ description, examples: [example], pattern: DURATION_PATTERN, expected: 'a duration like 30s, 5m or 1h30m' });
const sentence = (description: string, example: string) => text(description, example, { maxLength: 500 });
const closed = { additionalProperties: false };

const FilterRuleFields = Type.Object(
  {
    name: text('a name of its own', 'canary-is-noisy', NAME),
    when: text('a CEL expression over the signal', 'alert == "Watchdog"'),
    drop: Type.Optional(Type.Object({ reason: sentence('why nobody wants it', 'it always fires') }, closed)),
    suppress: Type.Optional(
      Type.Object(
        {
          owner: sentence('who answers for it', 'ana@example.com'),
          reason: sentence('why', 'the canary is rebuilt'),
          expires: text('RFC 3339, in quotes or not', '2030-01-31T00:00:00Z'),
        },
        closed,
      ),
    ),
    set: Type.Optional(
      Type.Object(
        {
          severity: Type.Optional(oneOf(SEVERITIES, 'another severity', 'warning')),
          priority: Type.Optional(Type.Integer({ description: '1 (first) to 5', minimum: 1, maximum: 5, examples: [2] })),
          environment: Type.Optional(text('production, staging, …', 'production', NAME)),
        },
        { ...closed, minProperties: 1, expected: 'severity, priority or environment' },
      ),
    ),
    route: Type.Optional(Type.Object({ to: text('the name of a route', 'payments', NAME) }, closed)),
    delay: Type.Optional(Type.Object({ for: span('how long it must have been firing', '5m') }, closed)),
    atLeast: Type.Optional(
      Type.Object(
        {
          count: Type.Integer({ description: 'occurrences', minimum: 2, maximum: 1000, examples: [3] }),
          within: span('they start within this time', '10m'),
          by: Type.Optional(text('a CEL expression: occurrences with the same text count together', 'target.namespace + "/" + alert')),
        },
        closed,
      ),
    ),
  },
  { ...closed, examples: [{ name: 'canary-is-noisy', when: 'labels.tier == "canary"', drop: { reason: 'nobody is called for it' } }] },
);
export type FilterRuleFields = Static<typeof FilterRuleFields>;

/** filters.yaml */
export const FilterFile = Type.Object(
  {
    shipped: Type.Optional(Type.Boolean({ description: 'false: none of the shipped rules', examples: [true] })),
    without: Type.Optional(Type.Array(text('the name of a shipped rule', 'watchdog'), { description: 'shipped rules that do not hold', maxItems: 100, examples: [['watchdog']] })),
    rules: Type.Optional(Type.Array(FilterRuleFields, { description: 'from top to bottom', maxItems: 200, examples: [[]] })),
  },
  { ...closed, description: 'filter rules', examples: [{ rules: [] }] },
);
export type FilterFile = Static<typeof FilterFile>;
