import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanJson, cleanText } from './clean-text.js';

describe('cleanText', () => {
  it.each([
    ['plain', 'plain'],
    ['a\0b', 'a\uFFFDb'],
    ['a\uD800b', 'a\uFFFDb'],
    ['a\uDC00', 'a\uFFFD'],
    ['emoji 🚀 stays', 'emoji 🚀 stays'],
  ])('%j becomes %j', (given, expected) => expect(cleanText(given)).toBe(expected));
});

describe('cleanJson', () => {
  it.each([
    [{ a: 'x\0y' }, { a: 'x\uFFFDy' }],
    [{ 'k\0': 1 }, { 'k\uFFFD': 1 }],
    [['\uD83D', '🚀', '\uDE80\uD83D'], ['\uFFFD', '🚀', '\uFFFD\uFFFD']],
    ['a literal \\u0000 stays', 'a literal \\u0000 stays'],
    ['\\\0', '\\\uFFFD'],
    ['tab\tand "quotes" and \u0001', 'tab\tand "quotes" and \u0001'],
    [undefined, null],
  ])('%j reads back as %j', (given, expected) => expect(JSON.parse(cleanJson(given))).toEqual(expected));

  it('changes a string exactly as cleanText does, whatever it holds', () => {
    const units = fc.array(fc.constantFrom('\0', '\\', 'u0000', '\uD800', '\uDC00', 'ud800', '"', '\n', 'é', '🚀'));
    fc.assert(fc.property(units, (parts) => expect(JSON.parse(cleanJson(parts.join('')))).toBe(cleanText(parts.join('')))));
  });
});
