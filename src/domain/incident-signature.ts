import type { Evidence } from './evidence.js';
import { nameOr } from './incident.js';
import { templateOf } from './log-template.js';
import { redactText } from './redact.js';
import { containerStatusesOf } from './status.js';

const MOST_ALERTS = 5;
const MOST_REASONS = 12;
const LINES_OF_A_LOG = 4;
const MOST_LINES = 8;
const MOST_OF_A_LINE = 160;
const MOST = 2000;

/** A reason as Kubernetes writes it: one word in CamelCase. Anything else was put there by somebody. */
const REASON = /^[A-Z][A-Za-z]{2,60}$/;

type Read = Pick<Evidence, 'target' | 'problems' | 'events' | 'logs' | 'objects'>;

/**
 * What an incident is found by: alerts, kind, the surest cause, reasons, templates of log lines; one a line, sorted, without names
 * of objects, so that the same trouble elsewhere reads alike. Made once, when the evidence is read, and kept in it: asking and
 * learning use the very same text. Redacted: it goes to whoever makes the vectors.
 */
export function signatureOf(evidence: Read, causes: readonly string[]): string {
  const alerts = evidence.problems.filter((p) => p.symptomOn === undefined).map((p) => nameOr(p.alert, ''));
  const parts = [
    ...sorted(alerts).slice(0, MOST_ALERTS),
    evidence.target.kind,
    ...causes.slice(0, 1),
    ...sorted(reasonsIn(evidence)).slice(0, MOST_REASONS),
    ...linesIn(evidence),
  ];
  return redactText(parts.join('\n')).slice(0, MOST);
}

/** Of warnings, and of what the containers of the target's pods wait for or ended with. */
function reasonsIn({ events, objects, target }: Read): string[] {
  const pods = objects.filter((o) => o.kind === 'Pod' && o.metadata.namespace === target.namespace);
  const states = pods.flatMap(containerStatusesOf).flatMap((s) => [s.state?.waiting?.reason, s.state?.terminated?.reason, s.lastState?.terminated?.reason]);
  const warned = events.filter((e) => e.type === 'Warning').map((e) => e.reason);
  return [...warned, ...states].filter((reason): reason is string => typeof reason === 'string' && REASON.test(reason) && reason !== 'Completed');
}

/** The last words of each log, without the count that collapsing put behind them. */
function linesIn({ logs }: Read): string[] {
  const last = logs.flatMap((l) => l.lines.slice(-LINES_OF_A_LOG));
  return sorted(last.map((line) => templateOf(line.replace(/ \(×\d+\)$/, '')).slice(0, MOST_OF_A_LINE))).slice(0, MOST_LINES);
}

const sorted = (texts: readonly string[]): string[] => [...new Set(texts.filter((t) => t.trim() !== ''))].sort();
