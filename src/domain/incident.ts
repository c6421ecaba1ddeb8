/** What a closed remediation may teach. Every member but `signature` and `at` is made of identifiers: no sentence that somebody else wrote. */
export interface Incident {
  remediationId: string;
  cluster: string;
  namespace?: string;
  /** Of the target. */
  kind: string;
  /** As an analyzer names it: `bad_rollout.image`; `other` when a model said it in its own words. */
  cause: string;
  /** Names of its alerts, separated by a space. */
  alert: string;
  /** What it is found by (`signatureOf`): redacted, and never shown to a model. */
  signature: string;
  /** One line for people and models, composed by us. */
  summary: string;
  action?: string;
  outcome: string;
  isVerified: boolean;
  /** RFC 3339: when it was closed. */
  at: string;
}

export type Lesson = 'helped' | 'did_not_help';

/** Outcomes that say something about an action, when they were proved. */
const LESSONS: Readonly<Record<string, Lesson>> = { fixed: 'helped', no_effect: 'did_not_help', rolled_back: 'did_not_help' };

/** What an outcome teaches; undefined: nothing. */
export const lessonOf = (outcome: string): Lesson | undefined => (Object.hasOwn(LESSONS, outcome) ? LESSONS[outcome] : undefined);

interface Ended {
  outcome?: string;
  assessments: readonly { verdict?: string }[];
}

/**
 * Was the outcome proved? `fixed` is only said when the effect held at the last horizon. That something did not help is proved
 * by a horizon that saw it; a failed write or a person's undo says nothing about the action.
 */
export function isProved({ outcome = '', assessments }: Ended): boolean {
  const lesson = lessonOf(outcome);
  const last = assessments.findLast((a) => a.verdict !== undefined)?.verdict ?? '';
  if (lesson === 'helped') return last === 'effective';
  return lesson === 'did_not_help' && ['ineffective', 'harmful'].includes(last);
}

/** Whatever a caller or a row of an index says of itself: only this teaches. */
export const mayTeach = (incident: Pick<Incident, 'outcome' | 'isVerified'>): boolean => incident.isVerified && lessonOf(incident.outcome) !== undefined;

const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/;

/** The text when it is an identifier, else what to say instead: sentences do not get into memory by way of names. */
export const identifierOr = (text: string, instead: string): string => (IDENTIFIER.test(text) ? text : instead);

const MOST_WORDS = 6;

/** `High CPU usage` → `High_CPU_usage`: names of rules may have spaces, sentences are no names. */
export function nameOr(text: string, instead: string): string {
  const words = text.split(/[^A-Za-z0-9_.:-]+/).filter(Boolean);
  return words.length > MOST_WORDS ? instead : identifierOr(words.join('_'), instead);
}

/** `KubePodCrashLooping on Deployment: bad_rollout.image; rollback_deployment: fixed`. */
export const summaryOf = ({ alert, kind, cause, action, outcome }: Pick<Incident, 'alert' | 'kind' | 'cause' | 'action' | 'outcome'>): string =>
  `${alert || 'no alert'} on ${kind}: ${cause}; ${action ?? 'no action'}: ${outcome}`;
