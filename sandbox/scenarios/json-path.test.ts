import { describe, expect, it } from '@jest/globals';
import { isPlural, valuesAt } from './json-path.js';

const object = {
  metadata: { name: 'w', annotations: { 'a.b/c': 'x', plain: 'y' }, uid: 'u1' },
  spec: { replicas: 0, containers: [{ name: 'a', image: 'i:1', ports: [{ containerPort: 80 }] }, { name: 'b', image: 'i:2' }] },
  status: { conditions: [{ type: 'Ready', status: 'True' }, { type: 'Other', status: 'False' }] },
};

describe('valuesAt', () => {
  it.each([
    ['.spec.replicas', [0]],
    ['spec.replicas', [0]],
    ['{.spec.replicas}', [0]],
    ['$.spec.replicas', [0]],
    ['.spec.containers[0].image', ['i:1']],
    ['.spec.containers[-1].name', ['b']],
    ['.spec.containers[*].name', ['a', 'b']],
    ['.spec.containers[0:1].name', ['a']],
    ['.spec.containers[0,1].name', ['a', 'b']],
    ['.spec.containers[?(@.name=="b")].image', ['i:2']],
    ["['spec']['replicas']", [0]],
    ['.spec.containers[?(@.name != "b")].image', ['i:1']],
    ['.spec.containers[?(@.ports)].name', ['a']],
    ['.spec.containers[?(@.ports[0].containerPort>=80)].name', ['a']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    ['.metadata.annotations["a.b/c"]', ['x']],
    ["['metadata']['annotations']['a.b/c']", ['x']],
    ['.metadata.annotations.a\\.b/c', ['x']],
    ['..image', ['i:1', 'i:2']],
    ['.metadata.annotations.*', ['x', 'y']],
    ['.spec.containers[7].image', []],
    ['.nothing.at.all', []],
    ['.metadata.toString', []],
    ['.', [object]],
  ])('%s', (path, values) => {
    expect(valuesAt(object, path)).toEqual(values);
  });

  it.each(['.a[', '.a[x]', '.a..[', '.a[]', '.a[?(b==1)]'])('%s is refused', (path) => {
    expect(() => valuesAt(object, path)).toThrow(expect.objectContaining({ code: 'InvalidParams' }));
  });

  it.each([
    ['.a.b[0]', false],
    ['.a[*]', true],
    ['..a', true],
    ['.a[?(@.b==1)].c', true],
  ])('%s can yield several values: %s', (path, plural) => {
    expect(isPlural(path)).toBe(plural);
  });
});
