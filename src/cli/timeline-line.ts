import { formatDuration } from '../domain/duration.js';
import { printable } from './output.js';

export interface TimelineLine {
  at: string;
  phase: string;
  text: string;
  durationMs?: number;
}

/** `12:00:03.120  executing          scale deployment shop/api 2 → 4  (1.2s)`; the day only where it matters. */
export function timelineLine({ at, phase, text, durationMs }: TimelineLine): string {
  const took = durationMs === undefined ? '' : `  (${formatDuration(durationMs)})`;
  return `${printable(at.slice(11, 23))}  ${printable(phase).padEnd(17)}  ${printable(text)}${took}`;
}
