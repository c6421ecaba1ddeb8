import { Cron } from 'croner';
import { durationMs } from '../domain/duration.js';
import type { ClockedWindow, PolicyWindow } from '../domain/policy-window.js';

/**
 * A window with the calendar of its time zone. A beginning at an hour that the clock leaves out is at the change; one at an hour
 * that comes twice is at the first. A duration is elapsed time, whatever the clock on the wall does meanwhile.
 */
export function clocked(window: PolicyWindow): ClockedWindow {
  if (window.schedule === undefined) return fixed(window);
  const cron = cronOf(window.schedule, window.timezone);
  const lengthMs = durationMs(window.duration ?? '1h');
  return {
    window,
    endAt(atMs) {
      // croner looks strictly before, and knows whole seconds.
      const [start] = cron.previousRuns(1, new Date(atMs + 1));
      const end = start === undefined ? undefined : start.getTime() + lengthMs;
      return end !== undefined && end > atMs ? end : undefined;
    },
    nextAfter: (atMs) => cron.nextRun(new Date(atMs))?.getTime(),
  };
}

function fixed(window: PolicyWindow): ClockedWindow {
  const from = window.from === undefined ? -Infinity : Date.parse(window.from);
  const to = window.to === undefined ? Infinity : Date.parse(window.to);
  return {
    window,
    endAt: (atMs) => (atMs >= from && atMs < to ? to : undefined),
    nextAfter: (atMs) => (atMs < from ? from : undefined),
  };
}

/** Throws what is wrong with the pattern or the zone. */
export const cronOf = (schedule: string, timezone = 'UTC'): Cron => new Cron(schedule, { timezone, paused: true, mode: '5-part' });
