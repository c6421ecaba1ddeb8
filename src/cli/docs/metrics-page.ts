import { createMetrics } from '../../adapters/telemetry/metrics.js';
import { code, generated, page, tableOf } from './markdown.js';

interface Described {
  name: string;
  help: string;
  type: string;
  labelNames?: string[];
}

/** prom-client keeps help and label names on the metric itself; its JSON has them only once there are values. */
export function renderMetrics(): string {
  const { registry } = createMetrics({ withProcess: false });
  const metrics = registry.getMetricsAsArray() as unknown as (Described & { constructor: { name: string } })[];
  return page(
    generated('Metrics'),
    'Served at `GET /metrics` of the gateway, and on `gateway.metricsPort` (`METRICS_PORT`) of a worker process, in the Prometheus text format. What actions, models and assessments came to is counted by the workers. Base units, closed label sets: names of alerts, targets and people never become labels.',
    tableOf(
      ['metric', 'type', 'labels', 'what it counts'],
      metrics.map((m) => [code(m.name), m.constructor.name.toLowerCase(), (m.labelNames ?? []).map(code).join(', ') || '-', m.help]),
    ),
    'The usual metrics of a Node process (`kubernaut_process_*`, `kubernaut_nodejs_*`) stand beside them.',
  );
}
