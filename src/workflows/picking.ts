import type { Decision, DecisionReply } from '../domain/messages.js';
import type { State } from './state.js';

/** Another way than the plan that waits, while it is planned and checked. */
export interface Picking {
  key: string;
  parameters?: Record<string, unknown>;
  decision: Decision;
  /** What became of it; until then who asked waits. */
  reply?: DecisionReply;
  refusal?: string;
}

const MOST_PARAMETERS_BYTES = 4096;

/** What a decision picks, or undefined when it is about the plan as it stands. Only for decisions that `whyNoPick` has nothing against. */
export function pickOf(state: State, { candidate, parameters }: Decision): Pick<Picking, 'key' | 'parameters'> | undefined {
  const key = candidate === undefined ? state.key : keyOfCandidate(state, candidate);
  const hasParameters = parameters !== undefined && Object.keys(parameters).length > 0;
  if (key === undefined || (key === state.key && !hasParameters)) return undefined;
  return { key, ...(hasParameters ? { parameters } : {}) };
}

/** Said at once, before anything is read: a candidate that is not listed, parameters that cannot be any. */
export function whyNoPick(state: State, { candidate, parameters }: Decision): string | undefined {
  if (candidate !== undefined && keyOfCandidate(state, candidate) === undefined) {
    const listed = (state.doc.approval?.alternatives ?? []).map((a, i) => `${i + 2} (${a.key})`);
    return `there is no candidate ${String(candidate).slice(0, 100)}; choose 1 (the plan itself)${listed.length > 0 ? `, ${listed.join(', ')}` : ''}`;
  }
  if (parameters !== undefined && JSON.stringify(parameters).length > MOST_PARAMETERS_BYTES) return 'the parameters are too long; give only those that shall differ';
  return undefined;
}

/** The plan that waits for a window is settled; it is planned anew when the wait is over. */
export const whyNoPickWhileHeld = ({ doc }: State, { candidate, parameters }: Decision): string | undefined =>
  candidate === undefined && parameters === undefined ? undefined : `remediation ${doc.id} waits for ${doc.hold?.rule ?? 'a window'}; nothing else can be picked meanwhile`;

/** Numbers count as people see the list: 1 is the plan itself. */
function keyOfCandidate({ key, doc }: State, candidate: string | number): string | undefined {
  const listed = (doc.approval?.alternatives ?? []).map((a) => a.key);
  if (candidate === key || (typeof candidate === 'string' && listed.includes(candidate))) return String(candidate);
  return /^[1-9]\d?$/.test(String(candidate)) ? [key, ...listed][Number(candidate) - 1] : undefined;
}
