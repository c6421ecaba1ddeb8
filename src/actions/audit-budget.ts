import { canonicalJson } from '../domain/sha256.js';

/** What did not fit: never silent. `of` is what was read; the server may have had more. */
export interface Cut {
  what: string;
  kept: number;
  of: number;
}

/** Counts what is taken, in bytes of JSON, and says what was left out. */
export function sizeBudget(maxBytes: number) {
  let left = maxBytes;
  const truncated: Cut[] = [];
  return {
    truncated,
    /** As many of the first items as still fit. `isCut`: there were more than these to begin with. */
    take<T>(what: string, items: readonly T[], isCut = false): T[] {
      const taken: T[] = [];
      for (const item of items) {
        const size = Buffer.byteLength(canonicalJson(item)) + 1;
        if (size > left) break;
        left -= size;
        taken.push(item);
      }
      if (isCut || taken.length < items.length) truncated.push({ what, kept: taken.length, of: items.length });
      return taken;
    },
  };
}
