import { InvalidArgumentError } from 'commander';
import { durationMs } from '../domain/duration.js';
import { isKubernautError } from '../domain/errors.js';

/** Readers of option values; what they refuse ends in exit code 2 with the reason. */

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError('Expected a whole number from 1.');
  return value;
}

/** `30s`, `10m` → milliseconds. */
export function durationOption(text: string): number {
  try {
    return durationMs(text);
  } catch (error) {
    if (isKubernautError(error, 'InvalidParams')) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** RFC 3339, or a duration. The gateway understands both; a typing error is told before anything is asked. */
export function instantOrDuration(text: string): string {
  if (Number.isNaN(Date.parse(text))) durationOption(text);
  return text;
}

/** An RFC 3339 time, as it is kept everywhere. */
export function instant(text: string): string {
  if (!/^\d{4}-/.test(text) || Number.isNaN(Date.parse(text))) throw new InvalidArgumentError(`${text} is not a time; write it like 2030-01-31T09:00:00Z`);
  return new Date(text).toISOString();
}
