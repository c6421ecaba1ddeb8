const REPLACEMENT = '\uFFFD';

/**
 * PostgreSQL text takes neither NUL nor a lone surrogate (SQLSTATE 22021), and labels, logs and model answers carry both.
 * They become U+FFFD: visible, and the row is kept.
 */
export const cleanText = (text: string): string => text.replace(/\0|\p{Surrogate}/gu, REPLACEMENT);

/**
 * JSON for a jsonb parameter. jsonb refuses the escapes of NUL and of lone surrogates (22P05, 22P02); `JSON.stringify` writes
 * exactly those as escapes and pairs as they are. Escapes are read one after the other so that an escaped backslash
 * followed by "u0000" stays what it was.
 */
export function cleanJson(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null';
  if (!/\\u(?:0000|d)/.test(json)) return json;
  return json.replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|[^])/g, (escape) => (escape.length > 2 ? REPLACEMENT : escape));
}
