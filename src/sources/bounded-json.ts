const MAX_DEPTH = 32;

/**
 * JSON inside a text of a body that was checked itself: the text escaped that check. Undefined when it is no JSON or nests
 * deeper than anybody needs; NUL and lone surrogates are replaced, as they are at the door.
 */
export function parseBounded(text: string): unknown {
  if (depthOf(text) > MAX_DEPTH) return undefined;
  try {
    return JSON.parse(text, (_key, value: unknown) => (typeof value === 'string' ? value.replace(/\0|\p{Surrogate}/gu, '\uFFFD') : value));
  } catch {
    return undefined;
  }
}

/** Brackets outside of texts. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '{' || token === '[') most = Math.max(most, ++depth);
    else if (token === '}' || token === ']') depth--;
  }
  return most;
}
