import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import jsonpatch from 'fast-json-patch';
import { valueAt, type Edit } from '../../domain/change.js';
import { stateOfEdits } from '../../domain/edit-state.js';
import type { KubeObject } from '../../domain/kube.js';
import { LAST_ACTION, patchOf, pointer } from './json-patch.js';

const object = (spec: unknown, metadata = {}): KubeObject => ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x', uid: 'u', resourceVersion: '7', ...metadata }, spec });
const guards = [{ op: 'test', path: '/metadata/uid', value: 'u' }, { op: 'test', path: '/metadata/resourceVersion', value: '7' }];
const opsOf = (live: KubeObject, ...edits: Edit[]) => patchOf(live, edits, undefined).slice(2);

it('pins uid and version first and marks the object last', () => {
  expect(patchOf(object({}), [], 'w/1')).toEqual([
    ...guards,
    { op: 'add', path: '/metadata/annotations', value: {} },
    { op: 'add', path: '/metadata/annotations/kubernaut.io~1last-action', value: 'w/1' },
  ]);
  expect(patchOf(object({}, { annotations: { [LAST_ACTION]: 'w/0' } }), [], 'w/1').at(-1)).toMatchObject({ op: 'replace' });
});

it.each<[string, unknown, Edit, unknown[]]>([
  ['replaces what is there', { a: 1 }, { path: ['spec', 'a'], before: 1, after: 2 }, [{ op: 'replace', path: '/spec/a', value: 2 }]],
  ['adds what is not', {}, { path: ['spec', 'a'], after: 2 }, [{ op: 'add', path: '/spec/a', value: 2 }]],
  ['makes missing parents', {}, { path: ['spec', 'a', 'b'], after: 2 }, [{ op: 'add', path: '/spec/a', value: {} }, { op: 'add', path: '/spec/a/b', value: 2 }]],
  ['removes', { a: 1 }, { path: ['spec', 'a'], before: 1 }, [{ op: 'remove', path: '/spec/a' }]],
  ['removing what is absent is nothing', {}, { path: ['spec', 'a', 'b'], before: 1 }, []],
  ['reaches into lists', { l: [{ n: 1 }] }, { path: ['spec', 'l', '0', 'n'], before: 1, after: 2 }, [{ op: 'replace', path: '/spec/l/0/n', value: 2 }]],
  ['appends to lists', { l: [1] }, { path: ['spec', 'l', '1'], after: 2 }, [{ op: 'add', path: '/spec/l/1', value: 2 }]],
  ['tests guards', { a: 1 }, { path: ['spec', 'a'], before: 1, after: 1 }, [{ op: 'test', path: '/spec/a', value: 1 }]],
  ['cannot test absence', {}, { path: ['spec', 'a'] }, []],
])('%s', (_name, spec, edit, ops) => expect(opsOf(object(spec), edit)).toEqual(ops));

it('escapes pointers', () => expect(pointer(['a/b', 'c~d'])).toBe('/a~1b/c~0d'));

it('does what the edits say for any object, and its inverse brings the old one back', () => {
  const key = fc.constantFrom('a', 'b', 'c/d', 'e~f');
  const tree = fc.dictionary(key, fc.oneof(fc.integer(), fc.dictionary(key, fc.integer({ min: 0, max: 3 }))));
  fc.assert(
    fc.property(tree, fc.uniqueArray(fc.tuple(key, key), { maxLength: 3, selector: ([a]) => a }), fc.option(fc.integer(), { nil: undefined }), (spec, paths, after) => {
      const live = object(structuredClone({ ...spec }));
      const edits = paths
        .map((p): Edit => ({ path: ['spec', ...p], before: valueAt(live, ['spec', ...p]), after }))
        .filter((e) => { const parent = valueAt(live, e.path.slice(0, -1)); return parent === undefined || typeof parent === 'object'; });
      const result = jsonpatch.applyPatch(structuredClone(live), structuredClone(patchOf(live, edits, undefined)) as never, true).newDocument as KubeObject;
      expect(stateOfEdits(result, edits)).toBe('after');
      const back = edits.map((e) => ({ ...e, before: e.after, after: e.before })).reverse();
      const restored = jsonpatch.applyPatch(structuredClone(result), structuredClone(patchOf(result, back, undefined)) as never, true).newDocument as KubeObject;
      expect(stateOfEdits(restored, back)).toBe('after');
    }),
  );
});
