import { parse } from 'yaml';
import { quantityOf } from './simulator/quantity.js';

/** One line of the image table; durations in ms, sizes in bytes or cores. Absent lists accept anything. */
export interface ImageEntry {
  image: string;
  /** Namespaces this entry is for (`name` or `name-*`); absent = all. */
  namespaces?: string[];
  pull: 'ok' | 'not_found' | 'unauthorized';
  memoryBytes?: number;
  cpuCores?: number;
  /** What it writes to its node's disk. */
  diskBytes?: number;
  command?: string[];
  env: string[];
  envEquals: Record<string, string>;
  files: string[];
  fileContains: Record<string, string[]>;
  listens?: number[];
  paths?: string[];
  dependsOn: string[];
  exit?: { code: number; log?: string; afterMs: number };
  startupMs?: number;
  logs: string[];
  access: string[];
  load?: { cpuCores?: number; memoryBytes?: number };
  /** How commands run inside it fare. */
  exec?: { missing: string[]; freeBytes?: number; heapBytes?: number; takesMs?: number; kills: boolean };
}

export interface ImageTable {
  /** Exact name first, then the longest prefix ending in `*`; unknown images pull, start and listen everywhere. */
  entryOf(image: string, namespace: string): ImageEntry;
}

type Raw = Record<string, unknown>;

const isRecord = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);
const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : value === undefined || value === null ? [] : [String(value)]);
const optionalStrings = (value: unknown): string[] | undefined => (value === undefined || value === null ? undefined : strings(value));
const mapOf = <T>(value: unknown, convert: (one: unknown) => T): Record<string, T> =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, convert(one)])) : {};
const optionalQuantity = (value: unknown): number | undefined => {
  const number = quantityOf(value as string | number | undefined);
  return Number.isNaN(number) ? undefined : number;
};

/** `500ms`, `2s`, `1m`, `1h`, or a bare number of seconds. */
export function durationMsOf(value: unknown): number | undefined {
  const match = /^([0-9.]+)\s*(ms|s|m|h)?$/.exec(String(value ?? '').trim());
  if (!match) return undefined;
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 's'] ?? 1000;
  return Number(match[1]) * unit;
}

function exitOf(value: unknown): ImageEntry['exit'] {
  if (value === undefined || value === null || value === false) return undefined;
  const raw = isRecord(value) ? value : { code: value };
  return {
    code: Number(raw['code'] ?? 1),
    afterMs: durationMsOf(raw['after']) ?? 0,
    ...(raw['log'] === undefined ? {} : { log: String(raw['log']) }),
  };
}

/** `exec: { missing: [jcmd], free: 1Gi, heap: 64Mi, takes: 2s, kills: true }`: absent programs, room on its volumes, size, duration and end of a heap dump. */
function execOf(value: unknown): ImageEntry['exec'] {
  if (!isRecord(value)) return undefined;
  return { missing: strings(value['missing']), freeBytes: optionalQuantity(value['free']), heapBytes: optionalQuantity(value['heap']), takesMs: durationMsOf(value['takes']), kills: value['kills'] === true };
}

function entryOfRaw(raw: Raw, namespaces: string[] | undefined): ImageEntry {
  const pull = raw['pull'];
  const load = isRecord(raw['load']) ? raw['load'] : undefined;
  return {
    image: String(raw['image'] ?? ''),
    namespaces: optionalStrings(raw['namespaces']) ?? namespaces,
    pull: pull === 'not_found' || pull === 'unauthorized' ? pull : 'ok',
    memoryBytes: optionalQuantity(raw['memory']),
    cpuCores: optionalQuantity(raw['cpu']),
    diskBytes: optionalQuantity(raw['disk']),
    command: optionalStrings(raw['command']),
    env: strings(raw['env']),
    envEquals: mapOf(raw['envEquals'], String),
    files: strings(raw['files']),
    fileContains: mapOf(raw['fileContains'], strings),
    listens: optionalStrings(raw['listens'])?.map(Number),
    paths: optionalStrings(raw['paths']),
    dependsOn: strings(raw['dependsOn']),
    exit: exitOf(raw['exit']),
    startupMs: durationMsOf(raw['startup']),
    logs: strings(raw['logs']),
    access: strings(raw['access']),
    exec: execOf(raw['exec']),
    load: load && { cpuCores: optionalQuantity(load['cpu']), memoryBytes: optionalQuantity(load['memory']) },
  };
}

const namespacesOfKey = (key: string): string[] | undefined => {
  const name = key.replace(/\.ya?ml$/, '');
  return name === 'images' ? undefined : [name, `${name}-*`];
};

const isFor = (entry: ImageEntry, namespace: string): boolean =>
  entry.namespaces?.some((one) => (one.endsWith('*') ? namespace.startsWith(one.slice(0, -1)) : one === namespace)) ?? true;

/** How well an entry fits: an entry made for the namespace beats a global one, exact beats prefix, long beats short. */
function fitOf(entry: ImageEntry, image: string): number {
  const own = entry.namespaces ? 1_000_000 : 0;
  if (entry.image === image) return own + 100_000;
  if (entry.image.endsWith('*') && image.startsWith(entry.image.slice(0, -1))) return own + entry.image.length;
  return -1;
}

/** An image nobody described: pulls, starts, listens on every port. */
export const unknownImage = (image: string): ImageEntry => entryOfRaw({ image }, undefined);

export function imageTableOf(entries: ImageEntry[]): ImageTable {
  return {
    entryOf(image, namespace) {
      let best: ImageEntry | undefined;
      let bestFit = -1;
      for (const entry of entries) {
        const fit = isFor(entry, namespace) ? fitOf(entry, image) : -1;
        // a later entry of the same fit wins, so that appending to the table replaces
        if (fit >= 0 && fit >= bestFit) [best, bestFit] = [entry, fit];
      }
      return best ?? unknownImage(image);
    },
  };
}

/** Parses one YAML text of the form `images: [...]`; throws YAMLParseError on text that is no YAML. */
export function parseImages(text: string, namespaces?: string[]): ImageEntry[] {
  const document: unknown = parse(text);
  const list = isRecord(document) ? document['images'] : document;
  return (Array.isArray(list) ? list : []).filter(isRecord).map((raw) => entryOfRaw(raw, namespaces));
}

/**
 * The table from the data of ConfigMap `kubernaut-sandbox/images`: `images.yaml` is for every namespace, any other
 * `<namespace>.yaml` for that namespace and `<namespace>-*` only, so that scenarios running at once never meet.
 * A key that does not parse is left out and named in `errors`; the rest stands.
 */
export function readImageTable(data: Record<string, string>): { table: ImageTable; errors: string[] } {
  const errors: string[] = [];
  const entries = Object.entries(data).flatMap(([key, text]) => {
    try {
      return parseImages(text, namespacesOfKey(key));
    } catch (error) {
      errors.push(`${key}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  });
  return { table: imageTableOf(entries), errors };
}
