import type { Evidence, PastAction } from './evidence.js';
import { figureOf, measuredFor, type Measured } from './measured.js';
import type { Proposal } from './plan.js';
import type { Ranking } from './ranking.js';
import { isSameObject } from './target.js';

/** Why, in the parts that people and `POST /api/v1/analyze-alert` ask for. */
export interface Reasons {
  /** What is wrong and what would be done, in a sentence or two. */
  summary: string;
  /** What decided. */
  primary_reason: string;
  /** What was tried here before, and what it came to. */
  historical_context: string;
  /** Will it go back and forth? */
  oscillation_risk: OscillationRisk;
}

export interface OscillationRisk {
  level: 'low' | 'medium' | 'high';
  why: string;
}

type Seen = Pick<Evidence, 'history' | 'similar' | 'problems'>;

const MOST_TEXT = 600;

export function reasonsFor({ ranking, evidence, measured, cause }: { ranking: Ranking; evidence: Seen; measured: readonly Measured[]; cause?: { summary: string; evidence: readonly string[] } }): Reasons {
  const [first] = ranking.candidates;
  return {
    summary: cut([cause?.summary ?? 'no analyzer recognises this', first ? `${first.action} on ${first.target.kind} ${first.target.name}: ${first.reason}` : undefined]),
    primary_reason: cut([first ? `${first.by} (${first.source}, ${Math.round(first.confidence * 100)} %)` : ranking.conclusion?.replaceAll('_', ' '), cause?.evidence[0]]),
    historical_context: cut([recordOf(first, measured, ranking.cause), historyOf(evidence.history), similarOf(evidence)], 'nothing like it is on record here'),
    oscillation_risk: oscillationRiskOf(evidence, first),
  };
}

const cut = (parts: readonly (string | undefined)[], none = 'not known'): string => parts.filter((p) => p !== undefined && p !== '').join('; ').slice(0, MOST_TEXT) || none;

function recordOf(first: Proposal | undefined, measured: readonly Measured[], cause: string): string | undefined {
  const record = first && measuredFor(measured, first.action, cause);
  return record && `${record.action} ${figureOf(record)}`;
}

function historyOf(history: readonly PastAction[]): string | undefined {
  const told = history.slice(0, 3).map((h) => `${h.action} at ${h.at}: ${h.wasUndone ? 'undone' : (h.result ?? 'not judged yet')}`);
  return told.length === 0 ? undefined : `on this target within a day: ${told.join(', ')}${history.length > 3 ? ` and ${history.length - 3} more` : ''}`;
}

function similarOf({ similar }: Seen): string | undefined {
  const verified = similar.filter((s) => s.isVerified);
  return verified.length === 0 ? undefined : `${verified.length} verified like it: ${verified.slice(0, 3).map((s) => `${s.action ?? 'nothing'} ${s.outcome}`).join(', ')}`;
}

/**
 * | high   | the alert came back three times, two writes were undone or did not help, or this very action did not |
 * | medium | the alert came back, or something was written here within a day                                      |
 * | low    | neither                                                                                               |
 */
export function oscillationRiskOf({ history, problems }: Seen, first: Proposal | undefined): OscillationRisk {
  const refires = Math.max(0, ...problems.map((p) => p.refires));
  const inVain = history.filter((h) => h.wasUndone || h.result === 'ineffective' || h.result === 'harmful');
  const same = first && inVain.find((h) => h.action === first.action && isSameObject(h.target, first.target));
  if (same) return { level: 'high', why: `${same.action} did not last here at ${same.at}` };
  if (inVain.length >= 2) return { level: 'high', why: `${inVain.length} writes within a day were undone or did not help` };
  if (refires >= 3) return { level: 'high', why: `the alert came back ${refires} times` };
  if (refires > 0) return { level: 'medium', why: `the alert came back ${refires === 1 ? 'once' : 'twice'}` };
  if (history.length > 0) return { level: 'medium', why: `${history[0]!.action} was done here at ${history[0]!.at}` };
  return { level: 'low', why: 'nothing was written here within a day, and the alert did not come back' };
}
