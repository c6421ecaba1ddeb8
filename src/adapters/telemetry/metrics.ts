import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const HTTP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];
const REMEDIATION_BUCKETS = [1, 5, 15, 30, 60, 120, 300, 900, 1800, 3600, 7200];

export type DependencyName = 'temporal' | 'store' | 'kubernetes' | 'model' | 'prometheus' | 'alertmanager';

/**
 * All metrics of the platform (product.md 6): prefix `kubernaut_`, base units, closed label sets. Names of alerts, targets and
 * people never become labels.
 */
export function createMetrics(options: { withProcess?: boolean } = {}) {
  const registry = new Registry();
  if (options.withProcess ?? true) collectDefaultMetrics({ register: registry, prefix: 'kubernaut_' });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) => new Counter<L>({ name: `kubernaut_${name}`, help, labelNames, registers: [registry] });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) => new Gauge<L>({ name: `kubernaut_${name}`, help, labelNames, registers: [registry] });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) =>
    new Histogram<L>({ name: `kubernaut_${name}`, help, labelNames, buckets, registers: [registry] });
  return {
    registry,
    webhookRequests: counter('webhook_requests_total', 'Webhook deliveries by HTTP status.', ['status', 'method']),
    httpRequests: counter('http_requests_total', 'HTTP requests by route pattern.', ['method', 'route', 'status']),
    httpDuration: histogram('http_request_duration_seconds', 'Time to answer an HTTP request.', ['method', 'route', 'status'], HTTP_BUCKETS),
    alertsProcessed: counter('alerts_processed_total', 'Alerts by what became of them at the door.', ['status', 'severity']),
    alertDuration: histogram('alert_processing_duration_seconds', 'Time from reading an alert to its durable hand-over.', ['severity'], HTTP_BUCKETS),
    activeAlerts: gauge('active_alert_processing', 'Alerts being handed over right now.', []),
    signalsSuppressed: counter('signals_suppressed_total', 'Signals that led to nothing, by reason.', ['reason']),
    truncatedAlerts: counter('truncated_alerts_total', 'Alerts that a sender left out of its deliveries (max_alerts).', ['source']),
    alertsReconciled: counter('alertmanager_reconciled_total', 'Alerts taken or resolved by comparing with what AlertManager fires.', ['change']),
    aiRequests: counter('ai_service_requests_total', 'Requests to model providers, by success or error code; not_asked while the breaker is open, limited over its own limits, over_budget when that of the day is used up.', ['status', 'provider']),
    actionsExecuted: counter('actions_executed_total', 'Actions by how they ended.', ['action', 'outcome']),
    breakerState: gauge('circuit_breaker_state', '0 closed, 1 open, 2 half-open.', ['service']),
    dependencyStatus: gauge('service_dependency_status', '1 reachable, 0 not.', ['dependency']),
    remediationDuration: histogram('remediation_duration_seconds', 'From the first signal to the close.', ['outcome'], REMEDIATION_BUCKETS),
    assessments: counter('effectiveness_assessments_total', 'Assessments by horizon and verdict.', ['horizon', 'verdict']),
    modelTokens: counter('model_tokens_total', 'Tokens spent, input and output.', ['provider', 'kind']),
    vectorRequests: counter('vector_requests_total', 'Requests to the index of past incidents, by success or error code; not_asked while the breaker is open.', ['operation', 'status']),
    modelCost: counter('model_cost_usd_total', 'What answers of models cost, in USD; of models whose price is configured.', ['provider']),
    modelBudgetUsed: gauge('model_budget_used_ratio', 'Part of the budget of the day that is used up, by what is counted; at the last request.', ['budget']),
    stormMode: gauge('storm_mode', '1 while a cluster is in storm mode: tier 0 only.', ['cluster']),
    approvalsPending: gauge('approvals_pending', 'Plans that wait for a person, at the moment of the scrape.', []),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
