import { describe, expect, it } from '@jest/globals';
import { deploymentOf } from '../../../test/support/objects.js';
import { refOf, type KubeObject } from '../../domain/kube.js';
import { freshOrThrow } from './stale-read.js';

const at = (resourceVersion: string | undefined, uid = 'u'): KubeObject => {
  const object = deploymentOf();
  return { ...object, metadata: { ...object.metadata, resourceVersion, uid } };
};
const ref = refOf(deploymentOf());

describe('a live read', () => {
  it('that is older than what the watch has shown is not judged by', () => {
    expect(() => freshOrThrow(at('9'), at('10'), ref)).toThrow(expect.objectContaining({ code: 'ConflictTransient', message: expect.stringContaining('deployment shop/api') }));
  });

  it.each([
    ['as new as the watch', at('10'), at('10')],
    ['newer than the watch', at('11'), at('10')],
    ['of an object that the watch does not know', at('1'), undefined],
    ['of another object of that name', at('1', 'new'), at('10')],
    ['whose version is no number', at('abc'), at('10')],
    ['without a version', at(undefined), at('10')],
  ])('%s counts', (_what, read, seen) => {
    expect(freshOrThrow(read, seen, ref)).toBe(read);
  });

  it('that finds nothing says so', () => {
    expect(freshOrThrow(undefined, at('10'), ref)).toBeUndefined();
  });
});
