import { durationMs } from '../domain/duration.js';
import type { ActionPolicy } from '../domain/policy.js';
import { refuse } from './workload.js';

/** A text from the policy, or nothing; anything else is a mistake in the policy that nobody should have to guess at. */
export function textLimit(limits: ActionPolicy, key: string): string | undefined {
  const value = limits[key];
  if (value === undefined) return undefined;
  return typeof value === 'string' && value !== '' ? value : refuse('PolicyDenied', `the policy limit ${key} is ${JSON.stringify(value)}, which is no text; correct the policy`);
}

/** A duration from the policy (`6h`), milliseconds. */
export function durationLimit(limits: ActionPolicy, key: string, otherwise: string): number {
  return durationMs(textLimit(limits, key) ?? otherwise);
}

/** A count from the policy, never more than `most`. */
export function countLimit(limits: ActionPolicy, key: string, most: number): number {
  const value = limits[key];
  if (value === undefined) return most;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) return refuse('PolicyDenied', `the policy limit ${key} is ${JSON.stringify(value)}, which is no count; correct the policy`);
  return Math.min(value, most);
}
