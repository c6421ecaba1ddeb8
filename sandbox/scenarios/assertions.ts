import { isDeepStrictEqual } from 'node:util';
import { quantityOf } from '../../src/domain/quantity.js';
import { isPlural, valuesAt } from './json-path.js';
import type { Assertion } from './scenario.js';

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** YAML reads `"8080"` and `8080` apart, Kubernetes' int-or-string does not; apart from that equal means equal. */
function isEqual(found: unknown, wanted: unknown): boolean {
  if (isScalar(found) && isScalar(wanted)) return String(found) === String(wanted);
  return isDeepStrictEqual(found, wanted);
}

/** What the path yields as one value: `undefined` when nothing is there. */
export function valueAt(object: unknown, path: string | undefined): unknown {
  if (object === undefined || path === undefined) return object;
  const values = valuesAt(object, path);
  if (values.length <= 1 || !isPlural(path)) return values[0];
  return values;
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;

function isAtLeast(found: unknown, wanted: string | number): boolean {
  const number = typeof found === 'number' ? found : typeof found === 'string' ? quantityOf(found) : NaN;
  return number >= quantityOf(wanted);
}

const CHECKS: { [K in 'equals' | 'notEquals' | 'in' | 'atLeast' | 'exists' | 'absent']: (found: unknown, a: Assertion) => boolean } = {
  equals: (found, a) => (a.equals === null ? !isPresent(found) : isEqual(found, a.equals) || (Array.isArray(a.equals) && isDeepStrictEqual([found], a.equals))),
  notEquals: (found, a) => !isEqual(found, a.notEquals),
  in: (found, a) => (a.in ?? []).some((wanted) => isEqual(found, wanted)),
  atLeast: (found, a) => isAtLeast(found, a.atLeast!),
  exists: (found, a) => isPresent(found) === a.exists,
  absent: (found, a) => isPresent(found) !== a.absent,
};

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200));

/** Why the assertion does not hold for the object (`undefined` = there is no such object); undefined when it holds. */
export function whyNot(assertion: Assertion, object: unknown): string | undefined {
  const found = valueAt(object, assertion.path);
  for (const [name, holds] of Object.entries(CHECKS) as [keyof typeof CHECKS, (f: unknown, a: Assertion) => boolean][]) {
    if (!(name in assertion) || holds(found, assertion)) continue;
    const what = assertion.path === undefined ? assertion.get : `${assertion.get} ${assertion.path}`;
    if (object === undefined) return `${what}: there is no such object`;
    return name === 'absent' ? `${what}: should be absent` : `${what}: is ${show(assertion.path === undefined ? true : found)}, expected ${name} ${show(assertion[name])}`;
  }
  return undefined;
}
