import type { Metrics } from '../adapters/telemetry/metrics.js';
import { circuitBreaker } from '../domain/circuit-breaker.js';
import { formatDuration } from '../domain/duration.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { VectorIndex } from '../domain/ports.js';

const STATE = { closed: 0, open: 1, half_open: 2 } as const;
const SERVICE = 'vectors';
/** In an outage each remediation would wait for the timeout once more; memory is not worth that. */
const BREAKER = { threshold: 3, openMs: 30_000, successes: 1 };

export interface WatchedVectorsOptions {
  metrics: Pick<Metrics, 'vectorRequests' | 'breakerState'>;
  nowMs?: () => number;
}

/** Counts, and stops asking an index that was out of reach three times in a row for half a minute. */
export function watchedVectors(index: VectorIndex, { metrics, nowMs = Date.now }: WatchedVectorsOptions): VectorIndex {
  const breaker = circuitBreaker(BREAKER, nowMs);
  const show = (): void => metrics.breakerState.set({ service: SERVICE }, STATE[breaker.state()]);
  show();

  const watched = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    const count = (status: string): void => metrics.vectorRequests.inc({ operation, status });
    if (!breaker.enter()) {
      count('not_asked');
      throw new KubernautError('VectorsUnavailable', `the vector index was out of reach three times in a row; it is asked again in ${formatDuration(breaker.waitMs())}`);
    }
    try {
      const result = await work();
      breaker.succeeded();
      count('success');
      return result;
    } catch (error) {
      // Refused or misfit: the index itself is there.
      if (isKubernautError(error, 'VectorsUnavailable')) breaker.failed();
      else breaker.succeeded();
      count(isKubernautError(error) ? error.code : 'Internal');
      throw error;
    } finally {
      show();
    }
  };

  return {
    ...index,
    put: (incident, embedding) => watched('put', () => index.put(incident, embedding)),
    nearest: (embedding, query) => watched('nearest', () => index.nearest(embedding, query)),
  };
}
