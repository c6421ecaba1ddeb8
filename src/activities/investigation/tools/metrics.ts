import { Type } from '@sinclair/typebox';
import { KubernautError } from '../../../domain/errors.js';
import { METRIC_QUERIES } from '../../../domain/metric-queries.js';
import type { MetricSeries } from '../../../domain/ports.js';
import { defineTool } from '../define.js';

const MOST_SERIES = 12;
const POINTS = 20;
const MINUTE_MS = 60_000;
const listed = METRIC_QUERIES.map((q) => `${q.id}: ${q.summary} (${q.unit}; ${q.kinds.join(', ')})`).join('. ');

export const metrics = defineTool({
  id: 'metrics',
  summary: `One measurement of the object over time: smallest, largest, last and ${POINTS} points per series. ${listed}`,
  kinds: [...new Set(METRIC_QUERIES.flatMap((q) => q.kinds))],
  needs: 'metrics',
  args: Type.Object(
    { query: Type.Unsafe<string>({ type: 'string', enum: METRIC_QUERIES.map((q) => q.id) }), minutes: Type.Optional(Type.Integer({ minimum: 5, maximum: 1440 })) },
    { additionalProperties: false },
  ),
  async run({ query: id, minutes = 60 }, { metrics: reader, ref, nowMs, signal }) {
    const query = METRIC_QUERIES.find((q) => q.id === id)!;
    if (!query.kinds.includes(ref.kind)) throw new KubernautError('InvalidParams', `${id} is measured of ${query.kinds.join(', ')}, not of a ${ref.kind}`);
    const stepMs = Math.max(15_000, Math.round((minutes * MINUTE_MS) / POINTS));
    const series = await reader!.range(query.expression(ref), { fromMs: nowMs - minutes * MINUTE_MS, toMs: nowMs, stepMs }, signal);
    const told = series.map(toldOf).sort((a, b) => (b.largest ?? 0) - (a.largest ?? 0));
    const first = told[0];
    return {
      found: first ? `${id} of ${told.length} series within ${minutes} min: at most ${String(first.largest)} ${query.unit}, last ${String(first.last)}` : `${id}: no samples within ${minutes} min; it may not be scraped`,
      result: { query: id, unit: query.unit, minutes, series: told.slice(0, MOST_SERIES) },
      ...(told.length > MOST_SERIES ? { truncated: `${told.length - MOST_SERIES} more series, those with smaller values` } : {}),
    };
  },
});

/** Three significant digits say as much as seventeen. */
const short = (value: number | null | undefined): number | null => (value === null || value === undefined ? null : Number(value.toPrecision(4)));

function toldOf({ labels, points }: MetricSeries): { labels: Record<string, string>; smallest: number | null; largest: number | null; last: number | null; points: [string, number | null][] } {
  const values = points.map(([, v]) => v).filter((v) => v !== null);
  return {
    labels,
    smallest: short(values.length > 0 ? Math.min(...values) : null),
    largest: short(values.length > 0 ? Math.max(...values) : null),
    last: short(values.at(-1)),
    points: points.map(([at, v]) => [new Date(at).toISOString().slice(11, 19), short(v)]),
  };
}
