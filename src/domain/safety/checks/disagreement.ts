import type { Check } from '../facts.js';
import { findingsOf, targetText } from './finding.js';

/** Analyzers and model come to different answers: one of them is wrong, and a person must say which (safety.md 2). */
export const modelDisagrees: Check = (f) =>
  f.step.isWriting && f.disagreement !== undefined ? findingsOf('model_disagrees').ask('model_disagrees', `${f.step.action} on ${targetText(f)}: ${f.disagreement}`.slice(0, 600)) : [];
