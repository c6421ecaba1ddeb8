const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Does this JSON nest deeper than that? Counted on the bytes, before anything is built: `JSON.parse` takes millions of levels,
 * and a second and hundreds of megabytes for them. Of what is no JSON it may say either.
 */
export function nestsDeeperThan(most: number, raw: Uint8Array): boolean {
  let depth = 0;
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i]!;
    if (byte === QUOTE) i = endOfText(raw, i + 1);
    else if (byte === OPEN_MAP || byte === OPEN_LIST) {
      if (++depth > most) return true;
    } else if (byte === CLOSE_MAP || byte === CLOSE_LIST) depth--;
  }
  return false;
}

/** Where the text that begins here ends. No byte of a longer UTF-8 character is one of these two. */
function endOfText(raw: Uint8Array, from: number): number {
  for (let i = from; i < raw.length; i++) {
    if (raw[i] === BACKSLASH) i++;
    else if (raw[i] === QUOTE) return i;
  }
  return raw.length;
}
