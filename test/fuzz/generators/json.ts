import type { Random } from '../random.js';
import { anyDate, anyText, NUMBERS } from './text.js';

/** JSON text that `JSON.stringify` would never write, kept as a marked text until the end. */
const MARK = '\u0001raw:';
const raw = (text: string): string => `${MARK}${text}\u0001`;

const RAW_VALUES = ['1e999', '-1e999', '123456789012345678901234567890', '0.1e-400', '1E+2', 'NaN', 'undefined', "'x'", '01', '{"a":1,"a":2}', '{"__proto__":{"isAdmin":true}}', '"\\ud800\\u0000"', '"\\x41"', '"\t"', '[1,]', '/**/1', ''];
const DEPTHS = [31, 32, 33, 100, 5000, 60_000];

export function anyJson(random: Random, depth = 0): unknown {
  return random.weighted<() => unknown>([
    [6, () => anyText(random)],
    [2, () => random.pick(NUMBERS)],
    [2, () => random.pick([null, true, false, [], {}])],
    [1, () => anyDate(random)],
    [1, () => raw(random.pick(RAW_VALUES))],
    [1, () => nested(random)],
    [depth > 2 ? 0 : 2, () => Array.from({ length: random.int(4) }, () => anyJson(random, depth + 1))],
    [depth > 2 ? 0 : 2, () => recordOf(Array.from({ length: random.int(4) }, () => [anyText(random), anyJson(random, depth + 1)] as const))],
  ])();
}

function nested(random: Random): string {
  const depth = random.pick(DEPTHS);
  return raw(random.chance(0.5) ? '['.repeat(depth) + ']'.repeat(depth) : '{"a":'.repeat(depth) + '1' + '}'.repeat(depth));
}

/** Members as own properties, whatever they are called. */
function recordOf(entries: Iterable<readonly [string, unknown]>): object {
  const record = {};
  for (const [key, value] of entries) Object.defineProperty(record, key, { value, enumerable: true, writable: true, configurable: true });
  return record;
}

export const jsonText = (value: unknown): string => JSON.stringify(value).replace(/"\\u0001raw:(.*?)\\u0001"/g, (_, text: string) => JSON.parse(`"${text}"`) as string);

type Container = Record<string, unknown> | unknown[];
interface Place {
  container: Container;
  key: string;
}

function placesIn(value: unknown, places: Place[] = []): Place[] {
  if (value === null || typeof value !== 'object') return places;
  for (const key of Object.keys(value)) {
    places.push({ container: value as Container, key });
    placesIn((value as Record<string, unknown>)[key], places);
  }
  return places;
}

/** As a member of its own, whatever it is called; the length of a list is none. */
function put({ container, key }: Place, value: unknown): void {
  if (!Array.isArray(container) || key !== 'length') Object.defineProperty(container, key, { value, enumerable: true, writable: true, configurable: true });
}
const at = ({ container, key }: Place): unknown => (container as Record<string, unknown>)[key];

/** Keeps every type: other texts, other times, members and labels more. A sender could mean it. */
export function variedJson(value: unknown, random: Random): unknown {
  const copy = structuredClone(value);
  const places = placesIn(copy);
  for (let i = random.between(1, 3); i > 0 && places.length > 0; i--) {
    const place = random.pick(places);
    const old = at(place);
    if (typeof old === 'string') put(place, isTime(old) && random.chance(0.8) ? anyDate(random) : anyText(random));
    else if (typeof old === 'number') put(place, random.pick(NUMBERS));
    else if (Array.isArray(old)) put(place, [...old, ...structuredClone(old)].slice(0, 8));
    else if (old !== null && typeof old === 'object') put({ container: old as Container, key: anyText(random).slice(0, 600) }, anyText(random));
  }
  return copy;
}

/** The same with these values at these places, counted from the first. */
export function editedJson(value: unknown, edits: readonly { place: number; value: unknown }[]): unknown {
  const copy = structuredClone(value);
  for (const edit of edits) {
    const places = placesIn(copy);
    if (places.length > 0) put(places[edit.place % places.length]!, edit.value);
  }
  return copy;
}

/** What nobody should send. */
export function brokenJson(value: unknown, random: Random): unknown {
  const copy = structuredClone(value);
  for (let i = random.between(1, 3); i > 0; i--) {
    const places = placesIn(copy);
    if (places.length === 0 || random.chance(0.03)) return anyJson(random);
    const place = random.pick(places);
    random.weighted<() => void>([
      [5, () => put(place, anyJson(random))],
      [2, () => void (Array.isArray(place.container) ? place.container.splice(Number(place.key), 1) : delete place.container[place.key])],
      [1, () => put(place, [at(place)])],
      [1, () => put(place, { [place.key]: at(place) })],
      [1, () => put({ container: place.container, key: random.pick(['__proto__', 'constructor', 'toJSON', 'length', '']) }, anyJson(random))],
      [1, () => put(place, Array.from({ length: random.pick([2, 40, 200]) }, () => structuredClone(at(place))))],
    ])();
  }
  return copy;
}

const isTime = (text: string): boolean => /^\d{4}-\d\d-\d\dT/.test(text);
