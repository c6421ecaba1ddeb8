import { describe, expect, it } from '@jest/globals';
import { KubernautError } from '../domain/errors.js';
import { classifyHttp } from './classify.js';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const http = (status: number, headers: Record<string, string> = {}) => ({ status, headers: new Headers(headers), message: 'secret-key-123 in the text' });

describe('what a retry can help', () => {
  it.each([
    [400, 'ModelRejected'], [401, 'ModelRejected'], [403, 'ModelRejected'], [404, 'ModelRejected'], [408, 'ModelUnavailable'], [409, 'ModelUnavailable'],
    [413, 'ModelRejected'], [422, 'ModelRejected'], [425, 'ModelUnavailable'], [429, 'ModelUnavailable'], [500, 'ModelUnavailable'], [502, 'ModelUnavailable'],
    [503, 'ModelUnavailable'], [504, 'ModelUnavailable'], [529, 'ModelUnavailable'],
  ])('HTTP %i → %s', (status, code) => {
    const error = classifyHttp('model x', http(status), NOW);
    expect(error.code).toBe(code);
    expect(`${error.message}${JSON.stringify(error.details)}`).not.toContain('secret-key');
  });

  it.each([
    ['a refused connection', Object.assign(new Error('x'), { name: 'APIConnectionError' }), 'ModelUnavailable'],
    ['a time-out', Object.assign(new Error('x'), { name: 'APIConnectionTimeoutError' }), 'ModelUnavailable'],
    ['a body that is no JSON', new SyntaxError('Unexpected token < in JSON'), 'ModelAnswerInvalid'],
    ['JSON of endless depth', new RangeError('Maximum call stack size exceeded'), 'ModelAnswerInvalid'],
    ['a good status that the AWS SDK could not read', Object.assign(new TypeError('x'), { $metadata: { httpStatusCode: 200 } }), 'ModelAnswerInvalid'],
    ['throttling as the AWS SDK says it', Object.assign(new Error('x'), { $metadata: { httpStatusCode: 429 }, $response: { headers: { 'retry-after': '7' } } }), 'ModelUnavailable'],
    ['our own verdict', new KubernautError('ModelAnswerInvalid', 'x'), 'ModelAnswerInvalid'],
    ['anything else', 'boom', 'ModelUnavailable'],
  ])('%s', (_name, error, code) => expect(classifyHttp('model x', error, NOW).code).toBe(code));
});

describe('Retry-After', () => {
  it('is found where the AWS SDK hides it', () => {
    const error = Object.assign(new Error('x'), { $metadata: { httpStatusCode: 429 } });
    Object.defineProperty(error, '$response', { value: { headers: { 'retry-after': '7' } }, enumerable: false });
    expect(classifyHttp('model x', error, NOW).details.retryAfterMs).toBe(7000);
  });

  it.each([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['a date', { 'retry-after': 'Thu, 01 Jan 2026 12:00:30 GMT' }, 30_000],
    ['a date in the past', { 'retry-after': 'Thu, 01 Jan 2026 11:00:00 GMT' }, undefined],
    ['garbage', { 'retry-after': 'soon' }, undefined],
    ['negative', { 'retry-after': '-5' }, undefined],
    ['enormous', { 'retry-after': '999999999' }, 3_600_000],
    ['milliseconds', { 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    ['absent', {}, undefined],
  ])('%s', (_name, headers, ms) => expect(classifyHttp('model x', http(429, headers as Record<string, string>), NOW).details.retryAfterMs).toBe(ms));
});
