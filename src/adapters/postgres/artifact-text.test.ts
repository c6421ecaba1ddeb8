import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../domain/sha256.js';
import { artifactText } from './artifact-text.js';

it('writes what canonicalJson writes, the first time and again', () => {
  fc.assert(
    fc.property(fc.object({ withNullPrototype: true, maxDepth: 3 }), fc.anything({ maxDepth: 2 }), (record, anything) => {
      const textOf = artifactText();
      const evidence = { ...record, objects: [record, anything, record], absent: undefined };
      expect(textOf(evidence)).toBe(canonicalJson(evidence));
      expect(textOf({ objects: [anything, record] })).toBe(canonicalJson({ objects: [anything, record] }));
      expect(textOf(anything)).toBe(canonicalJson(anything));
    }),
  );
});
