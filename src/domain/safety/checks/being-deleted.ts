import type { Check } from '../facts.js';
import { findingsOf, targetText } from './finding.js';
import { subjectOf } from './subject.js';

const { deny } = findingsOf('being_deleted');

/** An object, or its namespace, on the way out is left in peace (C2). */
export const beingDeleted: Check = (f) => {
  if (!f.step.isWriting) return [];
  const namespace = f.world.get('Namespace', undefined, f.step.target.namespace ?? '');
  const isGoing = [subjectOf(f), namespace].some((o) => o?.metadata.deletionTimestamp !== undefined);
  return isGoing ? deny('being_deleted', `${targetText(f)} is being deleted`) : [];
};
