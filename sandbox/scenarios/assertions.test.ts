import { describe, expect, it } from '@jest/globals';
import { whyNot } from './assertions.js';
import type { Assertion } from './scenario.js';

const object = { spec: { replicas: 2, port: '8080', command: ['worker', '--x'], memory: '256Mi', off: false, list: [{ n: 'a' }, { n: 'b' }] } };
const get = 'deployment/w';

describe('whyNot', () => {
  it.each<[Omit<Assertion, 'get'>, boolean]>([
    [{ path: '.spec.replicas', equals: 2 }, true],
    [{ path: '.spec.replicas', equals: 3 }, false],
    [{ path: '.spec.port', equals: 8080 }, true],
    [{ path: '.spec.command', equals: ['worker', '--x'] }, true],
    [{ path: '.spec.command', equals: ['worker'] }, false],
    [{ path: '.spec.off', equals: false }, true],
    [{ path: '.spec.list[*].n', equals: ['a', 'b'] }, true],
    [{ path: '.spec.list[?(@.n=="a")].n', equals: 'a' }, true],
    [{ path: '.spec.missing', equals: null }, true],
    [{ path: '.spec.missing', equals: 1 }, false],
    [{ path: '.spec.replicas', notEquals: 3 }, true],
    [{ path: '.spec.replicas', notEquals: 2 }, false],
    [{ path: '.spec.missing', notEquals: 2 }, true],
    [{ path: '.spec.replicas', in: [1, 2] }, true],
    [{ path: '.spec.replicas', in: [3] }, false],
    [{ path: '.spec.replicas', atLeast: 2 }, true],
    [{ path: '.spec.replicas', atLeast: 3 }, false],
    [{ path: '.spec.memory', atLeast: '200Mi' }, true],
    [{ path: '.spec.memory', atLeast: '1Gi' }, false],
    [{ path: '.spec.missing', atLeast: 0 }, false],
    [{ path: '.spec.replicas', exists: true }, true],
    [{ path: '.spec.missing', exists: true }, false],
    [{ path: '.spec.missing', absent: true }, true],
    [{ path: '.spec.replicas', absent: true }, false],
    [{ exists: true }, true],
    [{ absent: true }, false],
    [{ path: '.spec.replicas', atLeast: 1, notEquals: 2 }, false],
  ])('%j holds: %s', (assertion, holds) => {
    expect(whyNot({ get, ...assertion }, object) === undefined).toBe(holds);
  });

  it.each<[Omit<Assertion, 'get'>, boolean]>([
    [{ absent: true }, true],
    [{ exists: true }, false],
    [{ path: '.spec.x', absent: true }, true],
    [{ path: '.spec.x', equals: 1 }, false],
    [{ path: '.spec.x', notEquals: 1 }, true],
  ])('of an object that is not there, %j holds: %s', (assertion, holds) => {
    expect(whyNot({ get, ...assertion }, undefined) === undefined).toBe(holds);
  });

  it('says what is and what was expected', () => {
    expect(whyNot({ get, path: '.spec.replicas', equals: 3 }, object)).toBe('deployment/w .spec.replicas: is 2, expected equals 3');
  });
});
