import { describe, expect, it } from '@jest/globals';
import { KubernautError } from '../../domain/errors.js';
import { doctorExitCode, failedCheck, type Check } from './check.js';
import { sumOf } from './gateway.js';
import { checkNode } from './node.js';
import { doctorReport } from './report.js';

const ok: Check = { check: 'node', state: 'ok', detail: '20' };

describe('what doctor ends with', () => {
  it.each([
    [[ok], 0],
    [[ok, { ...ok, state: 'warn' }, { ...ok, state: 'off' }], 0],
    [[{ ...ok, state: 'fail' }], 1],
    [[{ ...ok, state: 'fail' }, { ...ok, state: 'fail', isOutOfReach: true }], 3],
  ] as [Check[], number][])('%j: %d', (checks, code) => expect(doctorExitCode(checks)).toBe(code));

  it.each([['StoreUnavailable', true], ['Forbidden', undefined]] as const)('%s out of reach: %s', (code, isOutOfReach) => {
    expect(failedCheck('x', new KubernautError(code, 'm')).isOutOfReach).toBe(isOutOfReach);
  });
});

describe('single checks', () => {
  it.each([['20.18.9', 'fail'], ['20.19.0', 'ok'], ['22.0.0', 'ok'], ['18.20.0', 'fail']])('Node %s: %s', (version, state) => expect(checkNode(version).state).toBe(state));

  it('sums a counter over its labels', () => {
    expect(sumOf('# HELP a_total x\na_total{b="c d"} 2\na_total{b="e"} 3\na_total_more 9\n', 'a_total')).toBe(5);
  });

  it('puts the next move below its check', () => {
    expect(doctorReport([{ ...ok, next: 'do it' }])).toBe('ok    node   20\n             → do it');
  });
});
