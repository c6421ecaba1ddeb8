import { instantFrom } from '../domain/instant.js';
import { isSecretName, MASK, redactText } from '../domain/redact.js';

/** Upper bounds for what one signal may carry into a workflow history (Temporal's limit is 2 MB, our aim 64 KB). */
const MAX_ENTRIES = 100;
const MAX_VALUE = 2048;
const MAX_TOTAL = 24_000;

/**
 * A label or annotation map without a prototype: `toString` and `__proto__` are legal names there and must be neither
 * found when absent nor lost when present. Values are capped and masked, whole entries are dropped beyond the total.
 */
export function cleanMap(map: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const out = Object.create(null) as Record<string, string>;
  let total = 0;
  for (const [key, value] of Object.entries(map ?? {}).slice(0, MAX_ENTRIES)) {
    const text = harmless(value);
    const short = masked(key, text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text);
    total += key.length + short.length;
    if (total > MAX_TOTAL) break;
    out[harmless(key)] = short;
  }
  return out;
}

/**
 * Without what a terminal would obey or what turns the direction of text around: these texts reach screens that are not ours
 * (the page in Temporal's Web UI and its command line). Also before masking: a control character inside a secret would hide it.
 */
const harmless = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');

/** The name of an object is never masked, however random it looks: the analyzers look it up. */
function masked(key: string, value: string): string {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(value)) return isSecretName(key) ? MASK : value;
  return isSecretName(key) && value !== '' ? MASK : redactText(value);
}

/** RFC 3339 in UTC with milliseconds, so that the same instant always reads the same; undefined when it is no time. */
export function instantOf(text: string | undefined): string | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  return instantFrom(Date.parse(text));
}

/** The same for senders with ways of their own: an offset without colon (CloudWatch), a space for the T, seconds or milliseconds since 1970. */
export function looseInstantOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  if (!/^\d{9,13}(\.\d+)?$/.test(text)) return instantOf(text.replace(/^(\S{10}) /, '$1T').replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  const number = Number(text);
  return instantFrom(number < 1e11 ? number * 1000 : number);
}

/** AlertManager and Grafana send Go's zero time for "not ended". */
export const isZeroTime = (text: string): boolean => text.startsWith('0001-01-01T');

/** The same without members that are undefined: a signal that goes over the wire reads as it did before. */
export const withoutGaps = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
