import { wilson } from './wilson.js';

/** What an action came to against one kind of trouble on one cluster, of closed remediations. */
export interface Measured {
  action: string;
  /** `oom` of the cause `oom.limit_lowered`. */
  family: string;
  helped: number;
  failed: number;
  harmed: number;
  /** The same, each counting less the older it is. */
  lately: { helped: number; failed: number; harmed: number };
  /** RFC 3339. */
  lastAt: string;
}

/** Clusters change: what is older says nothing, and each month halves what it says. */
export const MEASURED_WINDOW_MS = 90 * 86_400_000;
export const MEASURED_HALF_LIFE_MS = 30 * 86_400_000;

export const familyOf = (cause: string): string => cause.split('.', 1)[0]!;

/** As if it had helped once and failed once before anything was measured: fewer than six of a kind change nothing. */
const PRIOR = 1;
/** Harm is worse than no effect. */
const HARM = 2;
/** The most that a proven record adds to, or takes from, the place in the order. */
const MOST_UP = 0.05;
const MOST_DOWN = 0.1;
/** It helps in less than every third case at the very best. */
const PROVEN_BAD = 0.35;

export interface Worth {
  /** Added to the confidence when candidates are put in order: −0.1 … 0.05. The confidence itself stays. */
  shift: number;
  /** It is not to be tried: it hardly ever helped. */
  isProvenBad: boolean;
}

const NOTHING_KNOWN: Worth = { shift: 0, isProvenBad: false };

/** What a measured record is worth. More help never lowers it, more failure and harm never raise it. */
export function worthOf(measured: Measured | undefined): Worth {
  if (!measured) return NOTHING_KNOWN;
  const { helped, failed, harmed } = measured.lately;
  const { atLeast, atMost } = wilson(helped + PRIOR, helped + failed + HARM * harmed + 2 * PRIOR);
  const up = MOST_UP * 2 * Math.max(0, atLeast - 0.5);
  const down = MOST_DOWN * 2 * Math.max(0, 0.5 - atMost);
  return { shift: up - down, isProvenBad: atMost < PROVEN_BAD };
}

/** `helped 9 of 10 times here, at least 60 %` */
export function figureOf({ helped, failed, harmed }: Measured): string {
  const tried = helped + failed + harmed;
  const harm = harmed > 0 ? `, did harm ${timesText(harmed)}` : '';
  return `helped ${helped} of ${timesText(tried)} here${harm}, at least ${Math.round(wilson(helped, tried).atLeast * 100)} %`;
}

const timesText = (count: number): string => (count === 1 ? '1 time' : `${count} times`);

export const measuredFor = (all: readonly Measured[], action: string, cause: string): Measured | undefined =>
  all.find((m) => m.action === action && m.family === familyOf(cause));
