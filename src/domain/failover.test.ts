import { describe, expect, it } from '@jest/globals';
import { KubernautError } from './errors.js';
import { mostTelling, passesOn } from './failover.js';

const of = (code: 'ModelUnavailable' | 'ModelRejected' | 'ModelAnswerInvalid', more: object = {}) => new KubernautError(code, { message: `${code} said`, ...more });

describe('whether the next model is asked', () => {
  it.each<[string, unknown, boolean]>([
    ['a provider that is away', of('ModelUnavailable'), true],
    ['one that refuses our key or model', of('ModelRejected', { status: 401 }), true],
    ['a page instead of an answer', of('ModelAnswerInvalid', { fault: 'provider' }), true],
    ['a model that refuses', of('ModelAnswerInvalid', { fault: 'model', why: 'the model refused' }), false],
    ['an answer that is no good', of('ModelAnswerInvalid'), false],
    ['a database that is away', new KubernautError('StoreUnavailable', 'x'), false],
    ['a bug of ours', new TypeError('x'), false],
  ])('%s', (_name, error, isPassedOn) => expect(passesOn(error)).toBe(isPassedOn));
});

describe('the error that says most', () => {
  const failures = (...errors: unknown[]) => errors.map((error, i) => ({ id: `m${i}`, error }));

  it('of one is its own', () => {
    const only = of('ModelRejected');
    expect(mostTelling(failures(only))).toBe(only);
  });

  it.each<[string, unknown[], string, number | undefined]>([
    ['one is only away: a retry can help', [of('ModelRejected'), of('ModelUnavailable', { retryAfterMs: 7000 })], 'ModelUnavailable', 7000],
    ['all say how long: the shortest', [of('ModelUnavailable', { retryAfterMs: 9000 }), of('ModelUnavailable', { retryAfterMs: 7000 })], 'ModelUnavailable', 7000],
    ['one does not say how long: nobody waits for the other', [of('ModelUnavailable', { retryAfterMs: 3_600_000 }), of('ModelUnavailable')], 'ModelUnavailable', undefined],
    ['nobody is away', [of('ModelRejected'), of('ModelAnswerInvalid')], 'ModelAnswerInvalid', undefined],
    ['all refuse', [of('ModelRejected'), of('ModelRejected')], 'ModelRejected', undefined],
  ])('%s', (_name, errors, code, retryAfterMs) => {
    const error = mostTelling(failures(...errors)) as KubernautError;
    expect([error.code, error.details.retryAfterMs]).toEqual([code, retryAfterMs]);
    for (const e of errors) expect(error.message).toContain((e as Error).message);
  });
});
