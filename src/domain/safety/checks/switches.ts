import { isPausedFor } from '../../policy.js';
import { stormText } from '../../storm.js';
import { namespaceOf } from '../../target.js';
import type { Check } from '../facts.js';
import { findingsOf } from './finding.js';

/** The kill switch, in any scope that covers the step. Reading and telling go on. */
export const pause: Check = (f) => {
  const where = { cluster: f.step.target.cluster, namespace: namespaceOf(f.step.target), action: f.step.action, now: f.now };
  const hit = f.step.isWriting ? f.policy.pauses.find((p) => isPausedFor(p, where)) : undefined;
  return hit ? findingsOf('pause').deny('paused', `paused by ${hit.by}: ${hit.reason}${hit.until ? ` (until ${hit.until})` : ''}`) : [];
};

/** When very much breaks at once it has one cause, and many fixes at once make it worse: a person looks first (actions.md 1.5). */
export const storm: Check = (f) =>
  f.step.isWriting && f.storm ? findingsOf('storm').escalate('storm', stormText(f.step.target.cluster, f.storm, f.policy.storm)) : [];

/** Resolved before the write means: no write (C12). */
export const stillFiring: Check = (f) =>
  f.step.isWriting && f.problems.length > 0 && f.problems.every((p) => p.status === 'resolved')
    ? findingsOf('still_firing').deny('not_firing', 'every alert of this remediation is resolved')
    : [];

export const enabled: Check = (f) =>
  f.scope.enabled === false ? findingsOf('enabled').deny('action_disabled', `${f.step.action} is disabled by the policy`) : [];
