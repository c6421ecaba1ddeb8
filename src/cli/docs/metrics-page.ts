import { createMetrics } from '../../adapters/telemetry/metrics.js';
import { code, generated, page, tableOf } from './markdown.js';

interface Described {
  name: string;
  help: string;
  type: string;
  labelNames?: string[];
}

/** Names that dashboards may already refer to; nothing counts them yet. */
const NOT_COUNTED = ['kubernaut_ai_service_requests_total', 'kubernaut_circuit_breaker_state', 'kubernaut_model_tokens_total', 'kubernaut_model_cost_dollars_total', 'kubernaut_approvals_pending'];

/** prom-client keeps help and label names on the metric itself; its JSON has them only once there are values. */
export function renderMetrics(): string {
  const { registry } = createMetrics({ withProcess: false });
  const metrics = registry.getMetricsAsArray() as unknown as (Described & { constructor: { name: string } })[];
  return page(
    generated('Metrics'),
    'Served at `GET /metrics` of the gateway in the Prometheus text format. Base units, closed label sets: names of alerts, targets and people never become labels.',
    tableOf(
      ['metric', 'type', 'labels', 'what it counts'],
      metrics.map((m) => [code(m.name), m.constructor.name.toLowerCase(), (m.labelNames ?? []).map(code).join(', ') || '-', m.help]),
    ),
    `Declared, and not counted in this version: ${NOT_COUNTED.map(code).join(', ')}.`,
    'The usual metrics of a Node process (`kubernaut_process_*`, `kubernaut_nodejs_*`) stand beside them.',
  );
}
