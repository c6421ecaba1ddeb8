import type { Check } from '../facts.js';

/** Every check by its name, in the order people read them. */
export const CHECKS: Readonly<Record<string, Check>> = {};
