import { createHmac, timingSafeEqual } from 'node:crypto';
import { KubernautError } from '../domain/errors.js';
import type { Access, Headers, Verified } from './define.js';

/** How a sender signs. HMAC-SHA256 as lowercase hex. */
export interface HmacRule {
  /** Several for rotation. */
  keys: readonly string[];
  /** Header of the signature; the first that is there counts. */
  headers: readonly string[];
  /** In front of the hex digits: `sha256=`. */
  prefix: string;
  /** When set, the signature is over `<timestamp><separator><body>`, and the timestamp must be of now. */
  timestampHeader?: string;
  separator: string;
}

/** Either way from our clock. */
const WINDOW_MS = 5 * 60_000;
/** How long a signature can be replayed, and so how long it must be remembered. */
export const REPLAY_WINDOW_MS = 2 * WINDOW_MS;

interface Signature {
  given: Buffer;
  timestamp?: string;
}

/** Signature and time as the headers have them. Throws `Unauthorized` when they cannot be right, whatever the body is. */
export function signatureIn(headers: Headers, rule: HmacRule, nowMs: number): Signature {
  const [name, text] = present(headers, rule.headers);
  if (text === undefined) throw refused(`no signature; send HMAC-SHA256 over the body in the header ${rule.headers[0]}`);
  const hex = text.startsWith(rule.prefix) ? text.slice(rule.prefix.length) : '';
  if (!/^[0-9a-f]{64}$/.test(hex)) throw refused(`the header ${name} must be ${rule.prefix === '' ? '' : `"${rule.prefix}" and `}64 lowercase hex digits`);
  const given = Buffer.from(hex, 'hex');
  return rule.timestampHeader === undefined ? { given } : { given, timestamp: timestampIn(headers, rule.timestampHeader, nowMs) };
}

/** Throws `Unauthorized` unless one of the keys made the signature. Every key is tried, so the time does not say which one fits. */
export function verifyHmac(raw: Buffer, headers: Headers, { hmac, nowMs }: Pick<Access, 'hmac' | 'nowMs'>): Verified {
  const { given, timestamp } = signatureIn(headers, hmac!, nowMs);
  let isKnown = false;
  for (const key of hmac!.keys) {
    const mac = createHmac('sha256', key);
    if (timestamp !== undefined) mac.update(timestamp + hmac!.separator);
    if (timingSafeEqual(mac.update(raw).digest(), given)) isKnown = true;
  }
  if (!isKnown) throw refused('the signature fits none of our keys; compare the key, and check that nothing in between changes the body');
  return timestamp === undefined ? {} : { deliveryId: given.toString('hex') };
}

function present(headers: Headers, names: readonly string[]): [name: string, text?: string] {
  for (const name of names) {
    const text = headers[name.toLowerCase()];
    if (typeof text === 'string' && text !== '') return [name, text];
  }
  return [names[0]!];
}

/** Seconds or milliseconds since 1970, as text that is signed exactly as it came. */
function timestampIn(headers: Headers, name: string, nowMs: number): string {
  const text = headers[name.toLowerCase()];
  if (typeof text !== 'string' || !/^(\d{10}|\d{13})$/.test(text)) throw refused(`the header ${name} must be the time in seconds since 1970`);
  const atMs = text.length === 13 ? Number(text) : Number(text) * 1000;
  if (Math.abs(nowMs - atMs) > WINDOW_MS) throw refused(`the header ${name} is more than 5 minutes from our clock; compare the clocks`);
  return text;
}

const refused = (message: string): KubernautError => new KubernautError('Unauthorized', message);
