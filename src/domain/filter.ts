import type { Expression } from './expression.js';
import { environmentOf, priorityOf, type Severity, type Signal } from './signal.js';
import { namespaceOf } from './target.js';

/** One rule of filters.yaml. It holds for the signals its expression is true for, and does all that it names. */
export interface FilterRule {
  /** Unique. */
  name: string;
  origin: 'shipped' | 'file';
  when: Expression<boolean>;
  drop?: { reason: string };
  suppress?: { owner: string; reason: string; /** RFC 3339; from then on the rule does nothing. */ expires: string };
  set?: { severity?: Severity; priority?: number; environment?: string };
  route?: { to: string };
  /** Held back until it has been firing for this long. */
  delay?: { forMs: number };
  /** Held back until so many occurrences of one key started within this time. */
  atLeast?: { count: number; withinMs: number; by: Expression<string> };
}

/** What one rule made of one signal. */
export interface Tried {
  rule: FilterRule;
  result: 'matched' | 'no_match' | 'missing' | 'failed' | 'expired' | 'not_reached';
  /** The key that is missing, or what went wrong. */
  note?: string;
}

export interface Judgement {
  /** With what the rules set. */
  signal: Signal;
  /** The rule that ends its way. */
  end?: FilterRule;
  delay?: { rule: FilterRule; forMs: number };
  atLeast?: { rule: FilterRule; count: number; withinMs: number; key: string };
  /** Every rule, in order. */
  tried: Tried[];
}

/** What the expressions of rules see (docs/guides/filters.md): name → CEL type. `namespace` alone is a reserved word of CEL. */
export const FILTER_VARIABLES = {
  alert: 'string',
  status: 'string',
  severity: 'string',
  priority: 'int',
  environment: 'string',
  route: 'string',
  source: 'string',
  cluster: 'string',
  fingerprint: 'string',
  target: { kind: 'string', namespace: 'string', name: 'string' },
  labels: 'map<string, string>',
  annotations: 'map<string, string>',
  startsAt: 'google.protobuf.Timestamp',
  now: 'google.protobuf.Timestamp',
} as const;

/** `target` is the most specific object that the labels name; its texts are empty when they name none. */
export function viewOf(signal: Signal, now: string): Record<keyof typeof FILTER_VARIABLES, unknown> {
  const [hint] = signal.hints;
  const { alert, status, severity, source, cluster, fingerprint, labels, annotations } = signal;
  return {
    alert, status, severity, source, cluster, fingerprint, labels, annotations,
    priority: BigInt(priorityOf(signal)),
    environment: environmentOf(signal) ?? '',
    route: signal.route ?? '',
    target: { kind: hint?.kind ?? '', namespace: (hint && namespaceOf(hint)) ?? '', name: hint?.name ?? '' },
    startsAt: new Date(signal.startsAt),
    now: new Date(now),
  };
}

/**
 * From top to bottom: each rule sees what those above it set, a later one replaces what an earlier one said, drop and suppress
 * end it. A rule that cannot be evaluated is passed over: no mistake in a rule ever loses a signal.
 */
export function judge(rules: readonly FilterRule[], signal: Signal, now: string): Judgement {
  const judgement: Judgement = { signal, tried: [] };
  const look = lookAt(now);
  for (const rule of rules) judgement.tried.push({ rule, ...apply(rule, judgement, { now, look }) });
  return judgement;
}

/** One view for all rules between two that set something: at the door thousands of signals are judged in a row. */
function lookAt(now: string): (signal: Signal) => object {
  let last: { signal: Signal; view: object } | undefined;
  return (signal) => (last?.signal === signal ? last : (last = { signal, view: viewOf(signal, now) })).view;
}

/** Names of the rules that did something, in order. */
export const actedOn = ({ tried }: Judgement): string[] => tried.filter((t) => t.result === 'matched').map((t) => t.rule.name);

export const isExpired = (rule: FilterRule, now: string): boolean => rule.suppress !== undefined && Date.parse(rule.suppress.expires) <= Date.parse(now);

function apply(rule: FilterRule, judgement: Judgement, { now, look }: { now: string; look: (signal: Signal) => object }): Omit<Tried, 'rule'> {
  if (judgement.end) return { result: 'not_reached' };
  if (isExpired(rule, now)) return { result: 'expired' };
  const view = look(judgement.signal);
  const answer = rule.when.evaluate(view);
  if (!('value' in answer)) return unanswered(answer);
  if (!answer.value) return { result: 'no_match' };
  const key = rule.atLeast?.by.evaluate(view);
  if (key && !('value' in key)) return unanswered(key);
  take(rule, judgement, key?.value);
  return { result: 'matched' };
}

const unanswered = (answer: { missing: string } | { error: string }): Omit<Tried, 'rule'> =>
  'missing' in answer ? { result: 'missing', note: answer.missing } : { result: 'failed', note: answer.error };

function take(rule: FilterRule, judgement: Judgement, key: string | undefined): void {
  const { set, route, delay, atLeast } = rule;
  if (rule.drop || rule.suppress) judgement.end = rule;
  if (set || route) judgement.signal = { ...judgement.signal, ...set, ...(route ? { route: route.to } : {}) };
  if (delay) judgement.delay = { rule, forMs: delay.forMs };
  if (atLeast) judgement.atLeast = { rule, count: atLeast.count, withinMs: atLeast.withinMs, key: key ?? '' };
}

/** How long the signal is still held back. A start in the future counts as now: clocks differ. */
export function heldForMs({ signal, delay }: Judgement, now: string): number {
  if (!delay) return 0;
  const firingForMs = Math.max(0, Date.parse(now) - Date.parse(signal.startsAt));
  return Math.max(0, delay.forMs - firingForMs);
}

/** Why a rule ended the way of a signal, for the sender and for `kubernaut why-not`. */
export function endedBecause({ name, drop, suppress }: FilterRule): string {
  if (suppress) return `filter rule ${name} suppresses it until ${suppress.expires}: ${suppress.reason} (${suppress.owner})`;
  return `filter rule ${name} drops it: ${drop?.reason ?? 'no reason given'}`;
}
