import { loadFilters, type LoadedFilters } from '../config/filters.js';
import type { FilterWatch } from '../config/watch-filters.js';
import type { FilterList, FilterRuleInfo } from '../contracts/filters.js';
import { isExpired, judge, type FilterRule, type Judgement } from '../domain/filter.js';
import { effectOf } from '../domain/filter-text.js';
import type { Signal } from '../domain/signal.js';

type Hits = readonly { rule: string; hits: number; lastAt: string }[];

/** The filter rules at work in one process. */
export interface Filters {
  judge(signal: Signal, now: string): Judgement;
  /** What `/ready` shows: a bad file, rules that fail. */
  issues(): string[];
  list(now: string, hits?: Hits): FilterList;
}

/** Without a watch: the shipped rules. */
export function createFilters(watch: Pick<FilterWatch, 'current' | 'issue'> = shippedOnly()): Filters {
  let failures = new Map<FilterRule, { count: number; last: string }>();
  let seen: LoadedFilters | undefined;
  /** A new file has its own failures. */
  const current = (): LoadedFilters => {
    const now = watch.current();
    if (now !== seen) failures = new Map();
    return (seen = now);
  };
  const failing = (): string[] =>
    current().rules.flatMap((rule) => {
      const failure = failures.get(rule);
      return failure ? [`filter rule ${rule.name} was passed over for ${failure.count} signals, the last time because: ${failure.last}`] : [];
    });
  const issues = (): string[] => [watch.issue(), ...failing()].filter((i): i is string => i !== undefined);

  return {
    judge(signal, now) {
      const judgement = judge(current().rules, signal, now);
      for (const { rule, result, note = '' } of judgement.tried) {
        if (result === 'failed') failures.set(rule, { count: (failures.get(rule)?.count ?? 0) + 1, last: note });
      }
      return judgement;
    },
    issues,
    list(now, hits) {
      const { rules, file } = current();
      const items = rules.map((rule) => infoOf(rule, { now, failure: failures.get(rule), hits }));
      const expired = rules.filter((r) => isExpired(r, now)).map((r) => `filter rule ${r.name} of ${r.suppress!.owner} expired at ${r.suppress!.expires} and no longer acts; remove or renew it`);
      return { ...(file === undefined ? {} : { file }), items, issues: [...issues(), ...expired] };
    },
  };
}

function shippedOnly(): Pick<FilterWatch, 'current' | 'issue'> {
  const filters = loadFilters();
  return { current: () => filters, issue: () => undefined };
}

function infoOf(rule: FilterRule, { now, failure, hits }: { now: string; failure?: { count: number; last: string }; hits?: Hits }): FilterRuleInfo {
  const { name, origin, when, drop, suppress } = rule;
  return {
    name,
    origin,
    when: when.source,
    does: effectOf(rule),
    state: isExpired(rule, now) ? 'expired' : failure ? 'failing' : 'in_force',
    ...suppress,
    ...drop,
    ...(hits ? hitsOf(name, hits) : {}),
    errors: failure?.count ?? 0,
    ...(failure ? { last_error: failure.last } : {}),
  };
}

function hitsOf(name: string, all: Hits): Pick<FilterRuleInfo, 'hits' | 'last_hit'> {
  const found = all.find((h) => h.rule === name);
  return found ? { hits: found.hits, last_hit: found.lastAt } : { hits: 0 };
}
