/** `*` stands for any characters, `?` for one; everything else for itself. Linear in text × pattern: no pattern backtracks for ever. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let from = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      p += 1;
      from = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      from += 1;
      t = from;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** An absent or empty list selects everything; one that names something does not select what has no name of that sort. */
export const isSelected = (globs: readonly string[] | undefined, text: string | undefined): boolean =>
  globs === undefined || globs.length === 0 || (text !== undefined && globs.some((g) => matchesGlob(g, text)));
