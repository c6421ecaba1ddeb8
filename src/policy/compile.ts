import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { createCel, type Cel } from '../cel/expression.js';
import type { Expression } from '../domain/expression.js';
import type { Policy } from '../domain/policy.js';
import type { PolicyReading } from '../domain/policy-facts.js';
import { POLICY_VARIABLES, type CompiledRule, type PolicyRule } from '../domain/policy-rule.js';
import type { ClockedWindow } from '../domain/policy-window.js';
import { clocked } from './clocked.js';

const SHIPPED = fileURLToPath(new URL('./shipped.yaml', import.meta.url));

/** The rules of shipped.yaml, as written. */
export const shippedRules = (): PolicyRule[] => (parse(readFileSync(SHIPPED, 'utf8')) as { rules: PolicyRule[] }).rules;

/** Over the variables of rules. Compiling an expression checks all of it. */
export const policyCel = (): Cel => createCel(POLICY_VARIABLES);

/**
 * Expressions and calendars of a policy, compiled once per list of rules or windows. A bad expression, which the configuration
 * refuses, answers with an error here: the rule then asks.
 */
export function policyReading(): PolicyReading {
  const cel = policyCel();
  const compile = (rules: readonly PolicyRule[], origin: CompiledRule['origin']): CompiledRule[] => rules.map((rule) => ({ rule, origin, when: whenOf(cel, rule) }));
  const shipped = compile(shippedRules(), 'shipped');
  const ownOf = remembered((rules: readonly PolicyRule[]) => compile(rules, 'file'));
  const windowsOf = remembered((windows: Policy['windows']): ClockedWindow[] => windows.map(clocked));
  return {
    rules({ rules, shippedRules: { enabled, without } }) {
      const own = ownOf(rules);
      const base = enabled ? shipped.filter(({ rule }) => !without.includes(rule.name) && !own.some((o) => o.rule.name === rule.name)) : [];
      return [...base, ...own];
    },
    windows: ({ windows }) => windowsOf(windows),
  };
}

function whenOf(cel: Cel, { when }: PolicyRule): Expression<boolean> {
  const result = cel.compile(when, 'bool');
  return 'expression' in result ? result.expression : { source: when, evaluate: () => ({ error: result.problem }) };
}

/** By the identity of the list: a file that was read again is another list. */
function remembered<L extends object, R>(make: (list: L) => R): (list: L) => R {
  const made = new WeakMap<L, R>();
  return (of) => {
    const known = made.get(of) ?? make(of);
    made.set(of, known);
    return known;
  };
}
