import { describe, expect, it } from '@jest/globals';
import { cleanMap, instantOf, looseInstantOf } from './clean.js';

describe('labels and annotations of an alert', () => {
  it('lose what a terminal would obey and what turns text around, and keep lines and tabs', () => {
    expect({ ...cleanMap({ alertname: '\u001b[31mEvil\u202egnp\u0007', note: 'one\n\ttwo \u009b0m', '\u001bc': 'x' }) }).toEqual({
      alertname: '\ufffd[31mEvil\ufffdgnp\ufffd', note: 'one\n\ttwo \ufffd0m', '\ufffdc': 'x',
    });
  });
});

describe('the time of an alert', () => {
  it.each([
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['2026-03-01T02:14:03+05:30', '2026-02-28T20:44:03.000Z'],
  ])('%s is read', (text, iso) => {
    expect([instantOf(text), looseInstantOf(text)]).toEqual([iso, iso]);
  });

  // A fuzzer found these: PostgreSQL knows no year 0, and JavaScript writes what lies beyond 9999 with a sign.
  it.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-23:59', '2016-12-31T23:59:60Z', '2026-02-30T25:00:00Z'])('%s is none', (text) => {
    expect([instantOf(text), looseInstantOf(text)]).toEqual([undefined, undefined]);
  });
});
