import { durationMs } from '../domain/duration.js';
import { KubernautError } from '../domain/errors.js';
import { instantFrom } from '../domain/instant.js';

/** RFC 3339, or a duration on from `atMs`, or back from it. Throws InvalidParams. */
export function timeFrom(text: string, atMs: number, direction: 'on' | 'back'): string {
  const given = /^\d{4}-/.test(text) ? Date.parse(text) : NaN;
  const time = instantFrom(Number.isNaN(given) ? atMs + (direction === 'on' ? 1 : -1) * durationMs(text) : given);
  if (time === undefined) throw new KubernautError('InvalidParams', `"${text.slice(0, 50)}" is too far away; give a time of the years 1 to 9999`);
  return time;
}
