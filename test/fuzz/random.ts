/** A small seeded generator (splitmix32): the same seed and index make the same request on every machine. */
export interface Random {
  /** 0 ≤ n < `below`. */
  int(below: number): number;
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** By weight. */
  weighted<T>(list: readonly (readonly [weight: number, value: T])[]): T;
  bytes(count: number): Buffer;
  hex(digits: number): string;
}

export function randomOf(seed: number, index = 0): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let t = state ^ (state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
  const int = (below: number): number => next() % Math.max(1, below);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)]!;
  return {
    int,
    pick,
    between: (from, to) => from + int(to - from + 1),
    chance: (probability) => next() / 0x1_0000_0000 < probability,
    weighted(list) {
      let left = int(list.reduce((sum, [weight]) => sum + weight, 0));
      for (const [weight, value] of list) if ((left -= weight) < 0) return value;
      return list[0]![1];
    },
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => int(256))),
    hex: (digits) => Array.from({ length: digits }, () => pick([...'0123456789abcdef'])).join(''),
  };
}
