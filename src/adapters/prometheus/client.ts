import { KubernautError } from '../../domain/errors.js';
import type { MetricSeries, MetricsReader } from '../../domain/ports.js';
import { boundedText } from '../bounded-text.js';

export interface PrometheusOptions {
  /** Base URL; a path before `/api/v1` is kept. */
  url: string;
  token?: string;
  /** From the look-up of the name to the last byte. Default 10 s. */
  timeoutMs?: number;
  /** Default 4 MiB. */
  maxBytes?: number;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MOST_SERIES = 200;

/** The query API v1 of Prometheus, Thanos, Mimir, VictoriaMetrics. No redirect is followed. Throws DependencyMissing, Unauthorized, InvalidParams. */
export function prometheus({ url, token, timeoutMs = 10_000, maxBytes = MAX_BYTES }: PrometheusOptions): MetricsReader {
  const base = `${url.replace(/\/+$/, '')}/api/v1`;
  const failed = (why: string, cause?: unknown): KubernautError => new KubernautError('DependencyMissing', { message: `Prometheus cannot be asked: ${why}; check prometheus.url`, why }, cause);
  return {
    async range(expression, { fromMs, toMs, stepMs }, signal) {
      const body = new URLSearchParams({ query: expression, start: String(fromMs / 1000), end: String(toMs / 1000), step: String(stepMs / 1000), timeout: `${Math.ceil(timeoutMs / 1000)}s` });
      const late = AbortSignal.timeout(timeoutMs);
      try {
        const response = await fetch(`${base}/query_range`, {
          method: 'POST', body, redirect: 'error', signal: signal ? AbortSignal.any([signal, late]) : late,
          headers: { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        });
        if (!response.ok) throw refusalOf(response.status) ?? failed(`it answers ${response.status}`);
        return seriesOf(JSON.parse(await boundedText(response.body, maxBytes, () => failed(`its answer is longer than ${Math.floor(maxBytes / 1024)} KiB`))), failed);
      } catch (error) {
        if (error instanceof KubernautError) throw error;
        throw failed(late.aborted ? `it does not answer within ${timeoutMs / 1000} s` : error instanceof SyntaxError ? 'what it answers is not JSON' : 'it is out of reach', error);
      }
    },
  };
}

function refusalOf(status: number): KubernautError | undefined {
  if (status === 401 || status === 403) return new KubernautError('Unauthorized', 'Prometheus refuses our credentials; check prometheus.token');
  return status === 400 || status === 422 ? new KubernautError('InvalidParams', 'Prometheus cannot evaluate this query') : undefined;
}

function seriesOf(answer: unknown, failed: (why: string) => KubernautError): MetricSeries[] {
  const { status, data } = (answer ?? {}) as { status?: unknown; data?: { resultType?: unknown; result?: unknown } };
  if (status !== 'success' || data?.resultType !== 'matrix' || !Array.isArray(data.result)) throw failed('what it answers is no matrix');
  return data.result.slice(0, MOST_SERIES).map((series: unknown) => {
    if (!isSeries(series)) throw failed('what it answers is no matrix');
    return { labels: series.metric, points: series.values.map(([at, text]) => [at * 1000, finite(Number(text))]) };
  });
}

const isSeries = (value: unknown): value is { metric: Record<string, string>; values: [number, string][] } => {
  const { metric, values } = (value ?? {}) as { metric?: unknown; values?: unknown };
  return metric !== null && typeof metric === 'object' && Array.isArray(values) && values.every((v: unknown) => Array.isArray(v) && typeof v[0] === 'number' && typeof v[1] === 'string');
};

/** NaN and infinities, which JSON does not know, are no samples. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
