import { KubernautError } from './errors.js';

/** A node of a plan: what must have been applied before it starts. */
export interface GraphStep {
  ordinal: number;
  needs?: readonly number[];
}

/**
 * In an order in which every step comes after all that it needs; independent ones keep their place.
 * Throws InvalidParams when a step needs one that is not there, or when steps need each other in a circle.
 */
export function inOrder<S extends GraphStep>(steps: readonly S[]): S[] {
  const known = new Set(steps.map((s) => s.ordinal));
  for (const { ordinal, needs = [] } of steps) {
    const missing = needs.find((n) => !known.has(n));
    if (missing !== undefined) throw new KubernautError('InvalidParams', `step ${ordinal} needs step ${missing}, which is not in the plan`);
  }
  const ordered: S[] = [];
  const placed = new Set<number>();
  while (ordered.length < steps.length) {
    const next = steps.find((s) => !placed.has(s.ordinal) && (s.needs ?? []).every((n) => placed.has(n)));
    if (!next) throw new KubernautError('InvalidParams', `steps ${steps.filter((s) => !placed.has(s.ordinal)).map((s) => s.ordinal).join(', ')} need each other in a circle`);
    ordered.push(next);
    placed.add(next.ordinal);
  }
  return ordered;
}
