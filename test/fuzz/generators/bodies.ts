import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hmacOf, signedAgain } from '../../support/sources.js';
import type { Random } from '../random.js';
import { SIGNING, TOKENS } from '../settings.js';
import { brokenJson, jsonText, variedJson } from './json.js';
import { DATES, letters, wellFormed } from './text.js';

export type Care = 'recorded' | 'varied' | 'broken' | 'torn';

export interface Body {
  bytes: Buffer;
  type: string;
  /** Of events in binary mode. */
  headers?: [string, string][];
}

const recordedOf = (source: string): unknown[] => ['', 'control'].flatMap((folder) => filesIn(join('test/fixtures', source, folder)));

function filesIn(folder: string): unknown[] {
  try {
    return readdirSync(folder).filter((f) => f.endsWith('.json')).map((f) => JSON.parse(readFileSync(join(folder, f), 'utf8')) as unknown);
  } catch {
    return [];
  }
}

const PAGE = { title: 'Checkout is slow', ns: 'shop', app: 'checkout', kind: 'deployment', state: 'firing', at: '2026-03-01T02:14:03Z', end: 1772332200, id: 'p-1', prio: 'critical', url: 'https://pager.example.com/1', tags: { team: 'payments', tier: 1 }, text: 'it takes 5 s' };
/** Of sources that are mapped by our own configuration. */
const MAPPED: Readonly<Record<string, unknown[]>> = { 'custom/pager': [PAGE], custom: [PAGE], 'custom/monitor': recordedOf('custom') };
const cache = new Map<string, unknown[]>();

export function bodiesOf(source: string): unknown[] {
  const known = cache.get(source) ?? MAPPED[source] ?? recordedOf(source);
  cache.set(source, known);
  return known.length > 0 ? known : [PAGE];
}

/** Few enough that signals repeat, join, resolve and count together. */
const NAMED: Readonly<Record<string, (random: Random) => string>> = {
  fingerprint: (r) => `${r.pick(['feed', 'cafe'])}${String(r.int(400)).padStart(12, '0')}`,
  namespace: (r) => r.pick(['shop', 'shop', 'bank', 'monitoring']),
  pod: (r) => `${r.pick(['api', 'cart', 'xing'])}-${String(r.int(40))}`,
  name: (r) => r.pick(['checkout', 'api', 'worker-3', `app-${String(r.int(40))}`]),
  node: (r) => `worker-${String(r.int(9))}`,
  severity: (r) => r.pick(['critical', 'warning', 'info', 'page', 'constructor', '__proto__', 'P1']),
  status: (r) => r.pick(['firing', 'firing', 'resolved']),
  alertname: (r) => r.pick(['KubePodCrashLooping', 'KubeNodeNotReady', 'KubeDeploymentReplicasMismatch', 'Watchdog', 'InfoInhibitor']),
  startsAt: (r) => r.pick([...DATES, new Date(1772332200000 + r.int(300) * 60_000).toISOString()]),
  id: (r) => `e-${String(r.int(500))}`,
  room: (r) => r.pick(['lab', 'hall']),
  tier: (r) => r.pick(['canary', 'web']),
};

/** The recorded body about other objects and times. */
function fresh(value: unknown, random: Random, key = ''): unknown {
  if (typeof value === 'string') return Object.hasOwn(NAMED, key) && random.chance(0.7) ? NAMED[key]!(random) : value;
  // One or two of a group say as much as all of them, and cost less.
  if (Array.isArray(value)) return value.slice(random.int(value.length), value.length + 1).slice(0, 2).map((v) => fresh(v, random));
  if (value === null || typeof value !== 'object') return value;
  const copy = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fresh(v, random, k)]));
  if (key === 'labels' && random.chance(0.3)) Object.assign(copy, random.pick([{ room: 'lab' }, { tier: 'canary' }, { cluster: random.pick(['prod', 'staging', 'elsewhere']) }, { severity: NAMED.severity!(random) }, { [letters(random, 4)]: letters(random, 9) }]));
  return copy;
}

const changed = (value: unknown, care: Care, random: Random): unknown => (care === 'broken' ? brokenJson(value, random) : care === 'varied' ? variedJson(value, random) : value);

/** A body for this source and what it takes to be believed. */
export function bodyFor(source: string, care: Care, random: Random): Body {
  const id = source.split('/')[0]!;
  const base = fresh(random.pick(bodiesOf(source)), random);
  if (id === 'cloudwatch') return { bytes: torn(Buffer.from(jsonText(alarmOf(base as Record<string, any>, care, random))), care, random), type: random.pick(['text/plain; charset=UTF-8', 'application/json']) };
  if (id === 'cloudevents') return eventOf(base, care, random);
  return { bytes: torn(Buffer.from(jsonText(changed(base, care, random))), care, random), type: 'application/json' };
}

/** The same body changed by `change` where its content is, believable again, as a sender would send it now. */
export function changedBody(source: string, base: unknown, change: (content: unknown) => unknown): Body {
  if (source === 'cloudwatch') {
    const message = base as Record<string, any>;
    const changed = { Timestamp: new Date().toISOString(), Message: jsonText(change(parsed(message.Message))) };
    return { bytes: Buffer.from(jsonText(signedAgain(message, changed))), type: 'text/plain' };
  }
  const content = change(base);
  return { bytes: Buffer.from(jsonText(content)), type: source === 'cloudevents' && Array.isArray(content) ? 'application/cloudevents-batch+json' : 'application/json' };
}

/** Changed inside or outside of its message, before or after it was signed. */
function alarmOf(message: Record<string, any>, care: Care, random: Random): unknown {
  const timely = { Timestamp: new Date().toISOString(), MessageId: `m-${String(random.int(400))}` };
  if (care === 'recorded') return signedAgain(message, timely);
  const inside = jsonText(changed(fresh(parsed(message.Message), random), care, random));
  if (random.chance(0.7)) return signedAgain(message, { ...timely, Message: inside });
  const outside = changed({ ...message, ...timely, Message: inside }, care, random);
  return random.chance(0.5) && isMessage(outside) ? signedAgain(outside, {}) : outside;
}

const isMessage = (value: unknown): value is Record<string, any> => value !== null && typeof value === 'object' && !Array.isArray(value);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Structured, batched, or with its attributes in headers. */
function eventOf(base: unknown, care: Care, random: Random): Body {
  const event = changed(base, care, random);
  const isBinary = isMessage(event) && random.chance(0.3);
  const bytes = torn(Buffer.from(jsonText(isBinary ? (event.data ?? null) : event)), care, random);
  if (!isBinary) return { bytes, type: Array.isArray(event) ? 'application/cloudevents-batch+json' : random.pick(['application/cloudevents+json', 'application/json']) };
  const attributes = Object.entries(event).filter(([key, value]) => /^[a-z]{1,20}$/.test(key) && key !== 'data' && typeof value === 'string');
  return { bytes, type: 'application/json', headers: attributes.map(([key, value]) => [`ce-${key}`, encoded(String(value)).slice(0, 2000)]) };
}

const encoded = (text: string): string => encodeURIComponent(wellFormed(text));

/** Bytes changed, cut or doubled, whatever they meant. */
export function torn(bytes: Buffer, care: Care, random: Random): Buffer {
  if (care !== 'torn' || bytes.length === 0) return bytes;
  const out = Buffer.from(bytes);
  for (let i = random.between(1, 6); i > 0; i--) out[random.int(out.length)] = random.int(256);
  return random.weighted<() => Buffer>([
    [4, () => out],
    [2, () => out.subarray(0, random.int(out.length))],
    [1, () => Buffer.concat([out, random.bytes(random.between(1, 20))])],
    [1, () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])],
    [1, () => Buffer.from(bytes.toString('utf8'), 'utf16le')],
  ])();
}

/** The credentials of a source: a token, or a signature over these bytes. */
export function credentialsFor(source: string, bytes: Buffer, random: Random): [string, string][] {
  const tokens = TOKENS[source] ?? [];
  const signing = SIGNING[source];
  if (!signing || (tokens.length > 0 && random.chance(0.5))) return tokens.length === 0 ? [] : [['Authorization', `Bearer ${random.pick(tokens)}`]];
  const { keys, header, prefix = '', timestampHeader, separator = '.' } = signing;
  const at = String(Math.floor(Date.now() / 1000) + random.pick([0, 0, 0, -200, 200]));
  const signed = hmacOf(random.pick(keys), bytes, timestampHeader ? at + separator : '');
  return [[header, prefix + signed], ...(timestampHeader ? [[timestampHeader, at] as [string, string]] : [])];
}
