import { durationMs, formatDuration } from '../../duration.js';
import type { PastAction } from '../../evidence.js';
import { isSameObject } from '../../target.js';
import type { Check, SafetyFacts } from '../facts.js';
import { ageMs, findingsOf, targetText } from './finding.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** An alert that fired anew this often within one remediation is not being cured by what we do. */
const MOST_REFIRES = 3;

const onTarget = (f: SafetyFacts): PastAction[] => f.history.filter((h) => isSameObject(h.target, f.step.target));
const sameAction = (f: SafetyFacts): PastAction[] => onTarget(f).filter((h) => h.action === f.step.action);

/** The same action on the same target not again before the cooldown is over (C9). */
export const cooldown: Check = (f) => {
  const last = f.step.isWriting ? sameAction(f).find((h) => ageMs(f, h.at) < durationMs(f.policy.cooldown)) : undefined;
  return last ? findingsOf('cooldown').escalate('cooldown', `${f.step.action} ran on ${targetText(f)} ${formatDuration(Math.max(0, ageMs(f, last.at)))} ago; the cooldown is ${f.policy.cooldown}`) : [];
};

/** At most so many actions per target and hour, whichever they are (C9). */
export const rate: Check = (f) => {
  const count = onTarget(f).filter((h) => ageMs(f, h.at) < HOUR).length;
  return f.step.isWriting && count >= f.policy.maxActionsPerTargetPerHour
    ? findingsOf('rate').escalate('rate_limited', `${count} actions on ${targetText(f)} within an hour; at most ${f.policy.maxActionsPerTargetPerHour} are allowed`)
    : [];
};

/** What did not help twice will not help the third time. */
export const ineffective: Check = (f) => {
  const count = sameAction(f).filter((h) => ageMs(f, h.at) < DAY && (h.result === 'ineffective' || h.result === 'harmful')).length;
  return f.step.isWriting && count >= f.policy.maxIneffective
    ? findingsOf('ineffective').escalate('repeatedly_ineffective', `${f.step.action} did not help ${targetText(f)} ${count} times within a day`)
    : [];
};

/** The alert goes and comes: each fix holds for a moment only. */
export const flap: Check = (f) => {
  const problem = f.problems.find((p) => p.refires >= MOST_REFIRES);
  return f.step.isWriting && problem && onTarget(f).length > 0
    ? findingsOf('flap').escalate('flapping', `${problem.alert} fired again ${problem.refires} times after actions on ${targetText(f)}`)
    : [];
};
