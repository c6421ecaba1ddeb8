import type { Step } from './plan.js';

/** Steps to undo: exactly the applied ones that have an inverse, last applied first. */
export const stepsToUndo = (steps: readonly Step[], applied: readonly number[]): Step[] =>
  [...applied]
    .reverse()
    .map((ordinal) => steps.find((s) => s.ordinal === ordinal))
    .filter((s): s is Step => s !== undefined && s.undo.kind !== 'none' && s.undo.changes.length > 0);
