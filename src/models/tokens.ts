import { createRequire } from 'node:module';

/** Merging is quadratic in the length of a run without a break: a line of 100,000 letters would take seconds in one piece. */
const PIECE = 512;
/** Beyond that many characters nothing is looked up any more. */
const EXACT = 131_072;
/** English has four to five characters per token, base64 two: what is beyond `EXACT` is rather counted too high. */
const CHARACTERS_PER_TOKEN = 2;

type Encoding = 'o200k_base' | 'cl100k_base';
type Count = (text: string, options: { disallowedSpecial: Set<string> }) => number;

/** A table is 30 to 60 MB in memory: a process that never asks a model must not load one. */
const load = createRequire(import.meta.url);
const loaded = new Map<Encoding, Count>();

function counterOf(encoding: Encoding): Count {
  const known = loaded.get(encoding);
  if (known) return known;
  const { countTokens: count } = load(`gpt-tokenizer/encoding/${encoding}`) as { countTokens: Count };
  loaded.set(encoding, count);
  return count;
}

/** GPT-4 and 3.5 have the older table. Whose table nobody publishes (Claude, most open models) gets the newest: near enough for a budget. */
const encodingOf = (model = ''): Encoding => (/(^|\/)gpt-(3\.5|35|4(?![.\d]*o|\.\d))/.test(model) ? 'cl100k_base' : 'o200k_base');

/**
 * How many tokens a text has for a model: exact to a token per 512 characters for OpenAI's models, an estimate for others.
 * Time is linear in the first 131,072 characters whatever they are, and none is spent beyond; marks such as
 * `<|endoftext|>` in untrusted text are plain text.
 */
export function countTokens(text: string, model?: string): number {
  const count = counterOf(encodingOf(model));
  const exact = text.slice(0, EXACT);
  const none = { disallowedSpecial: new Set<string>() };
  let tokens = 0;
  for (let at = 0; at < exact.length; ) {
    const end = breakBefore(exact, at + PIECE, at);
    tokens += count(exact.slice(at, end), none);
    at = end;
  }
  return tokens + Math.ceil((text.length - exact.length) / CHARACTERS_PER_TOKEN);
}

/** Cut at a space when there is one near: a word cut in two would count double. */
function breakBefore(text: string, end: number, start: number): number {
  if (end >= text.length) return text.length;
  const space = text.lastIndexOf(' ', end);
  return space > start + PIECE / 2 ? space : end;
}
