import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, sha256 } from './sha256.js';

it('agrees with node:crypto on any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      expect(sha256(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
    }),
  );
});

it('gives equal values equal text whatever the order of keys', () => {
  expect(canonicalJson({ b: 1, a: [{ d: null, c: undefined }] })).toBe(canonicalJson({ a: [{ d: null }], b: 1 }));
});
