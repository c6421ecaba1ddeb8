import { loadFilters } from '../config/filters.js';
import { endedBecause, heldForMs, type Judgement, type Tried } from '../domain/filter.js';
import { effectOf } from '../domain/filter-text.js';
import { formatDuration } from '../domain/duration.js';
import { environmentOf, priorityOf } from '../domain/signal.js';
import { createFilters, type Filters } from '../gateway/filters.js';
import { alertmanager } from '../sources/alertmanager.js';
import { alertBody } from './alert-body.js';
import { EXIT, Exit } from './exit.js';

export interface TestedAlert {
  alert: string;
  fingerprint: string;
  status: string;
  rules: { name: string; result: string; does: string; note?: string }[];
  verdict: 'goes on' | 'held' | 'suppressed';
  reason?: string;
  /** What rules and labels say of it. */
  signal: { severity: string; priority: number; environment?: string; route?: string };
}

/** Throws ConfigInvalid. */
export function filtersOf(file: string): Filters {
  const loaded = loadFilters(file);
  return createFilters({ current: () => loaded, issue: () => undefined });
}

/** Alerts as AlertManager would send them, against the rules. Throws Exit when one cannot be read. */
export function testAlerts(filters: Filters, { given, file, now }: { given: unknown; file: string; now: string }): TestedAlert[] {
  const { alerts } = alertBody(given, file, now);
  // Here nobody is foreign: the rules may be those of any cluster.
  const clusters = alerts.map((a) => (a as { labels?: { cluster?: unknown } } | null)?.labels?.cluster).filter((c) => typeof c === 'string');
  const { signals, rejected } = alertmanager.toSignals({ alerts }, { cluster: 'default', clusters, receivedAt: now, settings: {} });
  if (rejected[0]) throw new Exit(EXIT.usage, `${file}: ${rejected[0].reason}`);
  return signals.map((signal) => testedOf(filters.judge(signal, now), now));
}

function testedOf(judgement: Judgement, now: string): TestedAlert {
  const { signal, tried } = judgement;
  const environment = environmentOf(signal);
  return {
    alert: signal.alert,
    fingerprint: signal.fingerprint,
    status: signal.status,
    rules: tried.map(ruleOf),
    ...verdictOf(judgement, now),
    signal: { severity: signal.severity, priority: priorityOf(signal), ...(environment ? { environment } : {}), ...(signal.route ? { route: signal.route } : {}) },
  };
}

const NOTES: Partial<Record<Tried['result'], string>> = { missing: 'it has no ', failed: 'cannot be evaluated: ', expired: 'no longer acts' };

const ruleOf = ({ rule, result, note = '' }: Tried): TestedAlert['rules'][number] => ({
  name: rule.name,
  result: result === 'missing' ? 'no match' : result.replace('_', ' '),
  does: effectOf(rule),
  ...(NOTES[result] ? { note: `${NOTES[result]}${note}` } : {}),
});

function verdictOf(judgement: Judgement, now: string): Pick<TestedAlert, 'verdict' | 'reason'> {
  const { end, atLeast, delay } = judgement;
  if (end) return { verdict: 'suppressed', reason: endedBecause(end) };
  if (atLeast) return { verdict: 'held', reason: `filter rule ${atLeast.rule.name} waits until ${atLeast.count} with the key "${atLeast.key}" start within ${formatDuration(atLeast.withinMs)}` };
  const heldMs = heldForMs(judgement, now);
  return heldMs > 0 ? { verdict: 'held', reason: `filter rule ${delay!.rule.name} holds it back for ${formatDuration(heldMs)}` } : { verdict: 'goes on' };
}
