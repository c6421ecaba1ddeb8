import type { Expression } from './expression.js';
import { isSelected } from './glob.js';
import type { Target } from './target.js';
import { namespaceOf } from './target.js';

/** From the strictest to the mildest: of several rules that hold, the strictest decides. */
export const EFFECTS = ['deny', 'observe', 'suggest', 'ask', 'allow'] as const;
export type Effect = (typeof EFFECTS)[number];

/** Lets tier 3 run by itself: somebody answers by name for exactly these actions on exactly these objects, until a day. */
export interface Signed {
  by: string;
  reason: string;
  /** RFC 3339 */
  until: string;
  actions: string[];
  /** Globs, at least one, none of them `*` alone; of cluster-scoped objects the names count. */
  namespaces?: string[];
  names?: string[];
}

/** One rule of `policy.rules`, as it is written. */
export interface PolicyRule {
  /** Unique. */
  name: string;
  /** CEL over POLICY_VARIABLES. */
  when: string;
  effect: Effect;
  message?: string;
  /** Who is to be asked, by name. */
  approvers?: string[];
  /** Only beside `effect: allow`. */
  signed?: Signed;
}

export interface CompiledRule {
  rule: PolicyRule;
  origin: 'shipped' | 'file';
  when: Expression<boolean>;
}

/** What the expressions of rules see: name → CEL type. `namespace` alone is a reserved word of CEL. */
export const POLICY_VARIABLES = {
  action: 'string',
  tier: 'int',
  target: { kind: 'string', namespace: 'string', name: 'string', labels: 'map<string, string>' },
  parameters: 'map<string, dyn>',
  namespaceLabels: 'map<string, string>',
  environment: 'string',
  severity: 'string',
  alert: 'string',
  alerts: 'list<string>',
  alertLabels: 'map<string, string>',
  source: 'string',
  confidence: 'double',
  cluster: 'string',
  replicas: 'int',
  readyReplicas: 'int',
  pods: 'int',
  now: 'google.protobuf.Timestamp',
} as const;

/** As the outside sees it: OPA gets exactly this, expressions get it with CEL's own numbers and times. */
export interface PolicyView {
  action: string;
  tier: number;
  target: { kind: string; namespace: string; name: string; labels: Readonly<Record<string, string>> };
  parameters: Readonly<Record<string, unknown>>;
  namespaceLabels: Readonly<Record<string, string>>;
  environment: string;
  severity: string;
  /** Of the most severe problem. */
  alert: string;
  alerts: readonly string[];
  alertLabels: Readonly<Record<string, string>>;
  source: string;
  confidence: number;
  cluster: string;
  /** Wanted pods of the workload; -1 where that is no question. */
  replicas: number;
  readyReplicas: number;
  /** That the step evicts or deletes. */
  pods: number;
  /** RFC 3339 */
  now: string;
}

/** A rule that holds, or that could not be evaluated. The others leave no trace. */
export interface RuleHit {
  name: string;
  origin: 'shipped' | 'file';
  effect: Effect;
  message: string;
  approvers?: string[];
  signed?: Signed;
  /** Why it could not be evaluated: then it asks, whatever its effect. */
  failed?: string;
}

/** Every rule over one step. Pure and bounded: expressions end in time and never throw. */
export function judgeRules(rules: readonly CompiledRule[], view: PolicyView): RuleHit[] {
  const facts = rules.length === 0 ? {} : celView(view);
  return rules.flatMap((compiled) => hitOf(compiled, compiled.when.evaluate(facts)));
}

/**
 * A rule that restricts and asks for a label that is not there is not understood, and what is not understood asks; one that
 * allows then simply does not allow.
 */
function hitOf({ rule, origin }: CompiledRule, answer: ReturnType<CompiledRule['when']['evaluate']>): RuleHit[] {
  const { name, effect, message = `policy rule ${name}`, approvers, signed } = rule;
  const hit: RuleHit = { name, origin, effect, message, ...(approvers ? { approvers } : {}), ...(signed ? { signed } : {}) };
  if ('value' in answer) return answer.value ? [hit] : [];
  if ('missing' in answer) return effect === 'allow' ? [] : [{ ...hit, failed: `there is no ${answer.missing}; look with has(…) or in first` }];
  return [{ ...hit, failed: answer.error }];
}

function celView(view: PolicyView): object {
  const whole = (n: number): bigint => BigInt(Math.trunc(n));
  return {
    ...view,
    tier: whole(view.tier), replicas: whole(view.replicas), readyReplicas: whole(view.readyReplicas), pods: whole(view.pods),
    parameters: withCelNumbers(view.parameters),
    now: new Date(view.now),
  };
}

function withCelNumbers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(withCelNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withCelNumbers(v)]));
}

/** Does a signature cover this action on this object now? */
export function isSignedFor({ signed }: Pick<RuleHit, 'signed'>, { action, target, now }: { action: string; target: Target; now: string }): boolean {
  if (!signed || !(Date.parse(signed.until) > Date.parse(now))) return false;
  const hasBounds = (signed.namespaces?.length ?? 0) + (signed.names?.length ?? 0) > 0;
  return hasBounds && signed.actions.includes(action) && isSelected(signed.namespaces, namespaceOf(target)) && isSelected(signed.names, target.name);
}
