/** 95 % of both sides. */
const Z = 1.959964;

/**
 * The interval that the true share lies in, in 95 of 100 cases, after `successes` of `trials` (E. B. Wilson, 1927). Trials may be
 * weighted, so that neither needs to be whole. Without trials everything is possible.
 */
export function wilson(successes: number, trials: number, z = Z): { atLeast: number; atMost: number } {
  if (trials <= 0) return { atLeast: 0, atMost: 1 };
  const share = successes / trials;
  const centre = share + (z * z) / (2 * trials);
  const spread = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  return { atLeast: Math.max(0, (centre - spread) / scale), atMost: Math.min(1, (centre + spread) / scale) };
}
