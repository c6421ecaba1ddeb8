import { looksRandom } from './entropy.js';

/** What stands where a secret stood. Masking a masked text changes nothing. */
export const MASK = '<redacted>';

/** Whether this text is, or a value anywhere contains, a mask, fingerprinted or plain. */
export const MASKED = /<redacted(?::[0-9a-f]{3})?>/;
const ONLY_MASK = /^<redacted(?::[0-9a-f]{3})?>$/;

/** What to put where this secret stood. */
export type Masker = (secret: string) => string;

const plain: Masker = () => MASK;

const ENDINGS = 'key|token|secret|password|passwd|passphrase|pass|pwd|dsn|credentials?';
const SECRET_NAME = new RegExp(`(?:${ENDINGS})$`, 'i');

/** An environment variable, flag or field by this name holds a secret (safety.md 2, "disclosure"). */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);

/*
 * Every pattern below starts where a run of its characters starts (lookbehind) and repeats a bounded number of times, or one class
 * that its successor is not part of: matching time is linear in the text whatever an attacker logs.
 */
const JWT = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]{4,}(?:\.[\w-]*)?/g;
const CLOUD_KEYS = [
  /(?<![A-Za-z0-9])(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  /(?<![\w-])AIza[\w-]{35}/g,
  /(?<![\w-])ya29\.[\w-]{20,}/g,
  /(?<![\w-])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_[A-Za-z0-9]{20,}|dop_v1_[a-f0-9]{20,})/g,
  /(?<![\w-])xox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /(?<![\w-])(?:sk|pk|rk)[-_][\w-]{16,}/g,
  /(?<![\w-])SG\.[\w-]{16,}\.[\w-]{16,}/g,
  /(?<=hooks\.slack\.com\/services\/)[A-Za-z0-9/]{10,}/g,
];
const URL_CREDENTIALS = /(:\/\/)[^\s:@/"'<>]{0,128}:[^\s@/"'<>]{1,256}@/g;
const AUTHORIZATION = /(?<![\w-])((?:proxy-)?authorization|x-[a-z-]{0,20}(?:key|token)|set-cookie|cookie)(\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?)([^"'\\\r\n]{1,4096})/gi;
const BEARER = /(?<![\w-])(bearer|basic)(\s{1,4})[\w.~+/=-]{8,}/gi;
const NAME_VALUE = new RegExp(`(\\\\?"name\\\\?"\\s{0,4}:\\s{0,4}\\\\?"[\\w.-]{0,128}?(?:${ENDINGS})\\\\?"\\s{0,4},\\s{0,4}\\\\?"value\\\\?"\\s{0,4}:\\s{0,4}\\\\?")([^"\\\\]{1,65536})`, 'gi');
const ASSIGNMENT = new RegExp(
  `(?<![\\w.-])([\\w.-]{0,128}?(?:${ENDINGS}))(\\\\?["']?\\s{0,4}(?:=>|:=|[=:])\\s{0,4})(\\\\?"[^"\\\\\\r\\n]{0,65536}|'[^'\\r\\n]{0,65536}|[^\\s"'\\\\,;&}\\])]{1,65536})`,
  'gi',
);
const EMAIL = /(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![\w-])/g;
const RUN = /(?<![A-Za-z0-9+_=-])[A-Za-z0-9+_=-]{24,}/g;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DIGEST = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Masks what looks like a secret or an address of a person in free text: logs, messages, prompts. */
export function redactText(text: string, mask: Masker = plain): string {
  let out = withoutPrivateKeys(text, mask).replace(JWT, mask);
  for (const pattern of CLOUD_KEYS) out = out.replace(pattern, mask);
  return out
    .replace(URL_CREDENTIALS, (whole: string, slashes: string) => `${slashes}${mask(whole)}@`)
    .replace(AUTHORIZATION, (_, name: string, separator: string, value: string) => `${name}${separator}${once(mask, value)}`)
    .replace(BEARER, (_, scheme: string, space: string, value: string) => `${scheme}${space}${mask(value)}`)
    .replace(NAME_VALUE, (_, name: string, value: string) => `${name}${once(mask, value)}`)
    .replace(ASSIGNMENT, (whole: string, name: string, separator: string, value: string) => assignment(mask, { whole, name, separator, value }))
    .replace(EMAIL, mask)
    .replace(RUN, (run, offset: number, whole: string) => (isPublicHash(run, whole.charAt(offset - 1)) || !looksRandom(run) ? run : mask(run)));
}

const once = (mask: Masker, value: string): string => (ONLY_MASK.test(value.trim()) ? value : mask(value));

const HARMLESS = new Set(['true', 'false', 'null', 'nil', 'none', 'undefined', '']);

function assignment(mask: Masker, { whole, name, separator, value }: Record<'whole' | 'name' | 'separator' | 'value', string>): string {
  // "key: value" is everyday English and JSON; KEY=value is an environment variable
  if (name === 'key' || name === 'Key') return whole;
  const quote = /^\\?["']/.exec(value)?.[0] ?? '';
  const bare = value.slice(quote.length);
  return HARMLESS.has(bare.toLowerCase()) ? whole : `${name}${separator}${quote}${once(mask, bare)}`;
}

/** Object uids, image digests, tags made from a commit, container ids: needed to understand the cluster, and no secrets. */
const isPublicHash = (run: string, before: string): boolean => UUID.test(run) || (DIGEST.test(run) && /[:@/]/.test(before));

const BEGIN = '-----BEGIN ';
const END = '-----END ';

/** By index rather than by pattern: many beginnings without an end would make a pattern quadratic. A key cut off by the log's end is masked too. */
function withoutPrivateKeys(text: string, mask: Masker): string {
  let out = '';
  let from = 0;
  for (;;) {
    const begin = text.indexOf(BEGIN, from);
    if (begin < 0) return out + text.slice(from);
    const label = text.slice(begin, begin + 60);
    if (!label.includes('PRIVATE KEY')) {
      out += text.slice(from, begin + BEGIN.length);
      from = begin + BEGIN.length;
      continue;
    }
    const end = text.indexOf(END, begin);
    const tail = end < 0 ? -1 : text.indexOf('-----', end + END.length);
    const next = tail < 0 ? text.length : tail + 5;
    out += text.slice(from, begin) + mask(text.slice(begin, next));
    from = next;
  }
}
