import { KubernautError } from '../domain/errors.js';
import { nestsDeeperThan } from '../sources/nesting.js';

/** `JSON.parse` takes millions of levels, `JSON.stringify` dies at 5,000. No sender needs more than a few. */
const MAX_DEPTH = 32;

/**
 * Bytes → JSON that every later stage survives: valid UTF-8, at most 32 levels, no NUL and no lone surrogates in texts
 * (PostgreSQL refuses these for ever, so a signal with one would never get in). Throws `BadRequest`.
 */
export function decodeJson(raw: Buffer): unknown {
  if (raw.length === 0) throw new KubernautError('BadRequest', 'the body is empty; send JSON');
  if (nestsDeeperThan(MAX_DEPTH, raw)) throw new KubernautError('BadRequest', `the body is nested deeper than ${MAX_DEPTH} levels; flatten it`);
  const text = decodeUtf8(raw);
  return cleaned(parse(text), mayHoldBadText(text));
}

function decodeUtf8(raw: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch (error) {
    throw new KubernautError('BadRequest', 'the body is not UTF-8; send JSON in UTF-8', error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KubernautError('BadRequest', 'the body is not JSON; check for truncation and trailing commas', error);
  }
}

/** Valid UTF-8 has no raw surrogates and JSON no raw NUL: both can only come as escapes, which hardly any body has. */
const mayHoldBadText = (text: string): boolean => /\\u(0000|d[89a-f])/i.test(text);

/** In maps without a prototype: `toString` and `__proto__` are names like any other there. Of two members of one name the last counts. */
function cleaned(value: unknown, cleansText: boolean): unknown {
  if (typeof value === 'string') return cleansText ? cleanText(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((v) => cleaned(v, cleansText));
  const out = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value)) out[cleansText ? cleanText(key) : key] = cleaned(member, cleansText);
  return out;
}

const cleanText = (text: string): string => text.replace(/\0|\p{Surrogate}/gu, '\uFFFD');
