import type { Check, SafetyFacts } from '../facts.js';
import { findingsOf, targetText } from './finding.js';
import { subjectOf } from './subject.js';

const { deny } = findingsOf('grounding');

/** The target was read for this remediation, or owns or carries something that was (safety.md 2). */
export const grounding: Check = (f) => {
  const { uid } = f.step.target;
  // telling people about something that is gone is fine; reading it is not
  if (!f.step.isWriting && uid === undefined) return [];
  if (uid === undefined || !isGrounded(f, uid)) return deny('not_grounded', `${targetText(f)} was not read by this remediation`);
  if (!subjectOf(f)) return deny('target_missing', `${targetText(f)} is not in the cluster any more`);
  const strayed = f.step.changes.filter((c) => 'uid' in c).find((c) => !isGrounded(f, c.uid));
  return strayed ? deny('not_grounded', `the step would write ${strayed.ref.kind} ${strayed.ref.name}, which was not read`) : [];
};

const isGrounded = (f: SafetyFacts, uid: string): boolean => f.groundedUids.has(uid) || ownsGrounded(f, uid) || carriesGrounded(f, uid);

function ownsGrounded(f: SafetyFacts, uid: string): boolean {
  return f.world.ownedBy(uid).some((o) => f.groundedUids.has(o.metadata.uid ?? '') || ownsGrounded(f, o.metadata.uid ?? ''));
}

function carriesGrounded(f: SafetyFacts, uid: string): boolean {
  const node = f.world.byUid(uid);
  return node?.kind === 'Node' && f.world.list('Pod').some((p) => p.spec?.nodeName === node.metadata.name && f.groundedUids.has(p.metadata.uid ?? ''));
}
