import { createCel, type Cel } from '../cel/expression.js';
import { durationMs } from '../domain/duration.js';
import type { Expression } from '../domain/expression.js';
import { FILTER_VARIABLES, type FilterRule } from '../domain/filter.js';
import { expressionIssue } from './expression-issue.js';
import type { FilterRuleFields } from './filter-schema.js';
import type { ConfigIssue } from './issues.js';

const BY_DEFAULT = 'cluster + "/" + target.namespace + "/" + alert';
const LONGEST_MS = 24 * 60 * 60 * 1000;

/** What the schema cannot say: expressions, times, and what contradicts itself. Every mistake is pushed to `issues`. */
export function rulesFrom(given: readonly FilterRuleFields[], origin: FilterRule['origin'], issues: ConfigIssue[]): FilterRule[] {
  const cel = createCel(FILTER_VARIABLES);
  const rules = given.map((fields, i) => ruleOf(fields, { origin, at: `rules.${i}`, cel, issues }));
  rules.forEach(({ name }, i) => {
    if (rules.findIndex((r) => r.name === name) < i) issues.push({ path: `rules.${i}.name`, got: `a second rule ${name}`, expected: 'one rule of a name', example: `${name}-2` });
  });
  return rules;
}

interface RuleContext {
  origin: FilterRule['origin'];
  at: string;
  cel: Cel;
  issues: ConfigIssue[];
}

function ruleOf(given: FilterRuleFields, context: RuleContext): FilterRule {
  const { name, drop, suppress, set, route, delay, atLeast } = given;
  context.issues.push(...contradictions(given, context.at), ...badExpiry(given, context.at));
  return {
    name,
    origin: context.origin,
    when: compiled(given.when, 'bool', { ...context, at: `${context.at}.when` }),
    ...(drop ? { drop } : {}),
    ...(suppress ? { suppress } : {}),
    ...(set ? { set } : {}),
    ...(route ? { route } : {}),
    ...(delay ? { delay: { forMs: span(delay.for, { ...context, at: `${context.at}.delay.for` }) } } : {}),
    ...(atLeast
      ? {
          atLeast: {
            count: atLeast.count,
            withinMs: span(atLeast.within, { ...context, at: `${context.at}.atLeast.within` }),
            by: compiled(atLeast.by ?? BY_DEFAULT, 'string', { ...context, at: `${context.at}.atLeast.by` }),
          },
        }
      : {}),
  };
}

function compiled(source: string, type: 'bool', context: RuleContext): Expression<boolean>;
function compiled(source: string, type: 'string', context: RuleContext): Expression<string>;
function compiled(source: string, type: 'bool' | 'string', { at, cel, issues }: RuleContext): Expression<unknown> {
  const result = type === 'bool' ? cel.compile(source, type) : cel.compile(source, type);
  if ('expression' in result) return result.expression;
  issues.push(expressionIssue(at, source, result, { type, example: type === 'bool' ? 'target.namespace == "shop" && labels.tier == "canary"' : BY_DEFAULT }));
  return { source, evaluate: () => ({ error: result.problem }) };
}

function span(text: string, { at, issues }: RuleContext): number {
  const ms = durationMs(text);
  if (ms <= 0 || ms > LONGEST_MS) issues.push({ path: at, got: text, expected: 'more than nothing and at most 24h', example: '5m' });
  return ms;
}

/** An end beside something that goes on is a mistake of whoever wrote it. */
function contradictions({ drop, suppress, set, route, delay, atLeast }: FilterRuleFields, path: string): ConfigIssue[] {
  const ends = [drop, suppress].filter(Boolean).length;
  const others = [set, route, delay, atLeast].filter(Boolean).length;
  if (ends + others === 0) return [{ path, got: 'a rule that does nothing', expected: 'one of drop, suppress, set, route, delay, atLeast', example: 'set: { priority: 2 }' }];
  if (ends === 0 || ends + others === 1) return [];
  return [{ path, got: 'drop or suppress beside something else', expected: 'drop or suppress alone: nothing follows them', example: 'drop: { reason: it always fires }' }];
}

function badExpiry({ suppress }: FilterRuleFields, at: string): ConfigIssue[] {
  if (!suppress || (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(suppress.expires) && !Number.isNaN(Date.parse(suppress.expires)))) return [];
  return [{ path: `${at}.suppress.expires`, got: suppress.expires, expected: 'a time with its zone (RFC 3339)', example: '2030-01-31T00:00:00Z' }];
}
