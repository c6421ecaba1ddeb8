const BINARY: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 };
const DECIMAL: Record<string, number> = { n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };

/**
 * A Kubernetes quantity as a number; absent is 0, unreadable NaN.
 * domain/ takes no packages, else this would be client-node's `quantityToScalar` (docs/decisions/0003).
 */
export function quantityOf(text: string | number | undefined): number {
  if (text === undefined) return 0;
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)$/.exec(String(text));
  if (!match) return NaN;
  return Number(match[1]) * (BINARY[match[2]!] ?? DECIMAL[match[2]!] ?? NaN);
}

export const coresOf = quantityOf;
export const bytesOf = quantityOf;
