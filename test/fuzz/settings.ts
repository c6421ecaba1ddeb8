import { SNS_CERTIFICATE, SNS_TOPIC, CUSTOM_MAPPING } from '../support/sources.js';

/** Every secret of the gateway under test begins so: none of them may ever be in an answer or a log line. */
export const SECRET = 'fuzz-secret';
const secret = (of: string): string => `${SECRET}-${of}-0123456789`;

export const API_TOKENS = [secret('api-old'), secret('api-new')];
export const TOKENS: Readonly<Record<string, string[]>> = {
  alertmanager: [...API_TOKENS, secret('alertmanager')],
  grafana: [secret('grafana')],
  kubernetes: [secret('kubernetes')],
  'custom/pager': [secret('pager')],
  custom: [secret('default')],
  cloudevents: [secret('events')],
};
export interface Signing {
  keys: string[];
  header: string;
  prefix?: string;
  timestampHeader?: string;
  separator?: string;
}
export const SIGNING: Readonly<Record<string, Signing>> = {
  grafana: { keys: [secret('key-old'), secret('key-new')], header: 'X-Grafana-Alerting-Signature', timestampHeader: 'X-Grafana-Alerting-Timestamp', separator: ':' },
  'custom/monitor': { keys: [secret('key-monitor')], header: 'X-Hub-Signature-256', prefix: 'sha256=' },
  cloudevents: { keys: [secret('key-events')], header: 'X-Kubernaut-Signature' },
};

export const CLUSTER = 'prod';
export const NAMESPACES = ['shop', 'bank', 'monitoring'];

const pager = {
  alert: '/title', namespace: '/ns', kind: { const: 'Deployment' }, name: '/app', severity: '/prio', url: '/url', cluster: '/cluster',
  status: { at: '/state', default: 'firing' }, startsAt: '/at', endsAt: '/end', fingerprint: '/id',
};

/** All sources are open, each with every credential it knows. */
export const FLAGS: Readonly<Record<string, unknown>> = {
  'gateway.tokens': API_TOKENS,
  'gateway.port': 0,
  'gateway.clusters': ['staging'],
  'gateway.rateLimit.requests': 1_000_000,
  'gateway.rateLimit.window': '1s',
  'sources.alertmanager.tokens': [TOKENS.alertmanager![2]],
  'sources.grafana.tokens': TOKENS.grafana,
  'sources.grafana.hmac': SIGNING.grafana,
  'sources.grafana.namespaces': ['shop', 'bank'],
  'sources.kubernetes.tokens': TOKENS.kubernetes,
  'sources.cloudwatch.topics': [SNS_TOPIC],
  'sources.cloudwatch.insufficientData': 'firing',
  'sources.custom': {
    pager: { tokens: TOKENS['custom/pager'], fields: pager, labelsFrom: '/tags', annotations: { text: '/text' }, clusters: [CLUSTER], namespaces: ['shop'] },
    monitor: { hmac: SIGNING['custom/monitor'], ...structuredClone(CUSTOM_MAPPING) },
    default: { tokens: TOKENS.custom, fields: { alert: '/title', startsAt: '/at', status: { at: '/state', default: 'firing' }, kind: '/kind', namespace: '/ns', name: '/app' } },
  },
  'sources.cloudevents.tokens': TOKENS.cloudevents,
  'sources.cloudevents.hmac': SIGNING.cloudevents,
};

/** One rule of each kind, so that signals take every way there is. */
export const FILTERS = `
rules:
  - { name: lab-is-not-watched, when: labels.room == "lab", drop: { reason: nobody is called for the lab } }
  - { name: canary, when: target.namespace == "shop" && labels.tier == "canary", suppress: { owner: ana@example.com, reason: rebuilt, expires: 2099-01-31T00:00:00Z } }
  - { name: payments-first, when: 'target.namespace.startsWith("bank") && severity in ["critical", "high"]', set: { priority: 1, environment: production }, route: { to: payments } }
  - { name: slow-burn, when: alert == "KubeDeploymentReplicasMismatch", delay: { for: 15m } }
  - { name: in-a-row, when: alert == "KubeNodeNotReady", atLeast: { count: 3, within: 30m, by: labels.node + annotations.summary } }
  - { name: by-length, when: size(annotations.summary) > 40 && labels.severity.matches("^c.*l$"), set: { severity: high } }
`;

/** What the child process is started with. */
export interface GatewaySettings {
  flags: Readonly<Record<string, unknown>>;
  filters: string;
  certificate: string;
  cluster: string;
  namespaces: readonly string[];
  /** Absent: our own port in memory. */
  temporal?: { address: string; namespace: string };
}

export const settingsOf = (more: Partial<GatewaySettings> = {}): GatewaySettings => ({
  filters: FILTERS, certificate: SNS_CERTIFICATE, cluster: CLUSTER, namespaces: NAMESPACES, ...more, flags: { ...FLAGS, ...more.flags },
});
