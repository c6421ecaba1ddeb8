type CharClass = 'upper' | 'lower' | 'digit' | 'other';

function classOf(code: number): CharClass {
  if (code >= 97 && code <= 122) return 'lower';
  if (code >= 65 && code <= 90) return 'upper';
  return code >= 48 && code <= 57 ? 'digit' : 'other';
}

const MIN_MIXED = 24;
const MIN_LOWER = 32;
const MIN_TRANSITIONS = 0.33;
const MIN_DISTINCT = 10;

interface Shape {
  counts: Record<CharClass, number>;
  transitions: number;
}

function shapeOf(run: string): Shape {
  const counts: Shape['counts'] = { upper: 0, lower: 0, digit: 0, other: 0 };
  let transitions = 0;
  let previous: CharClass | undefined;
  for (let i = 0; i < run.length; i++) {
    const now = classOf(run.charCodeAt(i));
    counts[now]++;
    if (previous !== undefined && previous !== now) transitions++;
    previous = now;
  }
  return { counts, transitions };
}

/**
 * Does a run of letters and digits look drawn at random? Random text changes between upper, lower and digits at about
 * 60 % of its steps (hexadecimal 47 %), words written together at 20 %: that tells a key from `KubePodCrashLooping2` where
 * Shannon's measure on so few characters does not.
 */
export function looksRandom(run: string): boolean {
  if (run.length < MIN_MIXED) return false;
  const { counts, transitions } = shapeOf(run);
  const isLongEnough = run.length >= (counts.upper > 0 && counts.lower > 0 ? MIN_MIXED : MIN_LOWER);
  return isLongEnough && canBeKey(counts) && transitions / (run.length - 1) >= MIN_TRANSITIONS && new Set(run).size >= MIN_DISTINCT;
}

/** Letters and digits; names of Kubernetes objects are lower case words and short hashes between dashes. */
const canBeKey = (counts: Shape['counts']): boolean =>
  counts.digit > 0 && counts.upper + counts.lower > 0 && !(counts.upper === 0 && counts.other > 0);
