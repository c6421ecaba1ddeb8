import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from '@jest/globals';
import { ERRORS, KubernautError, type ErrorCode } from '../domain/errors.js';
import { guard, toFailure } from './boundary.js';

describe('errors at the boundary to Temporal', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('%s keeps its code and whether a retry can help', (code) => {
    const failure = toFailure(new KubernautError(code, 'deployment shop/api is odd; look at it')) as ApplicationFailure;
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure.type).toBe(code);
    expect(failure.nonRetryable).toBe(!ERRORS[code].retryable);
    expect(failure.message).toBe('deployment shop/api is odd; look at it');
  });

  it('waits as long as the other side said', () => {
    const failure = toFailure(new KubernautError('K8sThrottled', { message: 'slow down', retryAfterMs: 7000 })) as ApplicationFailure;
    expect(failure.nextRetryDelay).toBe(7000);
  });

  it('lets cancellation through untouched', () => {
    const cancelled = new CancelledFailure('cancelled');
    expect(toFailure(cancelled)).toBe(cancelled);
  });

  it('turns what an activity throws, whatever it is', async () => {
    const { boom } = guard({ boom: () => Promise.reject(new Error('kaput')) });
    await expect(boom()).rejects.toMatchObject({ type: 'Internal', nonRetryable: false, message: 'kaput' });
  });
});
