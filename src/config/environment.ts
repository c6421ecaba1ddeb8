import type { TSchema } from '@sinclair/typebox';
import { ConfigSchema } from './schema.js';

export interface Leaf {
  /** `gateway.rateLimit.requests` */
  path: string;
  schema: TSchema;
  /** `KUBERNAUT_GATEWAY_RATE_LIMIT_REQUESTS` */
  variable: string;
}

/** Names that users of earlier versions and of Temporal know (product.md 5). */
export const KNOWN_VARIABLES: Readonly<Record<string, string>> = {
  WEBHOOK_PORT: 'gateway.port',
  HEALTH_PORT: 'gateway.healthPort',
  METRICS_PORT: 'gateway.metricsPort',
  AUTH_TOKEN_SECRET: 'gateway.tokens',
  RATE_LIMIT_REQUESTS: 'gateway.rateLimit.requests',
  RATE_LIMIT_WINDOW: 'gateway.rateLimit.window',
  FILTER_CONFIG_PATH: 'filters.path',
  DATABASE_URL: 'database.url',
  DB_HOST: 'database.host',
  DB_PORT: 'database.port',
  DB_NAME: 'database.name',
  DB_USER: 'database.user',
  DB_PASSWORD: 'database.password',
  KUBECONFIG: 'kubernetes.kubeconfig',
  KUBE_CONTEXT: 'kubernetes.context',
  KUBE_NAMESPACE: 'kubernetes.namespace',
  DRY_RUN: 'dryRun',
  MAX_CONCURRENT_ACTIONS: 'actions.maxConcurrent',
  MAX_CONCURRENT_PROCESSING: 'processing.maxConcurrent',
  PROCESSING_TIMEOUT: 'processing.timeout',
  LLM_PROVIDER: 'llm.provider',
  LLM_ENDPOINT: 'llm.endpoint',
  LLM_MODEL: 'llm.model',
  LLM_API_KEY: 'llm.apiKey',
  LLM_TIMEOUT: 'llm.timeout',
  CIRCUIT_BREAKER_THRESHOLD: 'circuitBreaker.threshold',
  CIRCUIT_BREAKER_TIMEOUT: 'circuitBreaker.timeout',
  LOG_LEVEL: 'log.level',
  LOG_FORMAT: 'log.format',
  TEMPORAL_ADDRESS: 'temporal.address',
  TEMPORAL_NAMESPACE: 'temporal.namespace',
  TEMPORAL_API_KEY: 'temporal.apiKey',
  TEMPORAL_TLS: 'temporal.tls.enabled',
  TEMPORAL_TLS_CLIENT_CERT_PATH: 'temporal.tls.clientCertPath',
  TEMPORAL_TLS_CLIENT_KEY_PATH: 'temporal.tls.clientKeyPath',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'temporal.tls.serverCaCertPath',
  TEMPORAL_TLS_SERVER_NAME: 'temporal.tls.serverName',
};

const snake = (key: string): string => key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

export const variableOf = (path: string): string => `KUBERNAUT_${path.split('.').map(snake).join('_')}`;

/** Every key that holds a value: objects with closed keys are walked, lists and open maps are one value. */
export function leavesOf(schema: TSchema = ConfigSchema, prefix = ''): Leaf[] {
  return Object.entries((schema.properties ?? {}) as Record<string, TSchema>).flatMap(([key, child]) => {
    const path = prefix ? `${prefix}.${key}` : key;
    const inner = child.properties && child.additionalProperties === false ? leavesOf(child, path) : [];
    return [{ path, schema: child, variable: variableOf(path) }, ...inner];
  });
}

export interface Assignment {
  path: string;
  value: unknown;
  origin: string;
}

/** Values from the environment, later ones win: known names first, `KUBERNAUT_*` over them. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): { values: Assignment[]; unknown: string[] } {
  const leaves = leavesOf();
  const byPath = new Map(leaves.map((l) => [l.path, l]));
  const byVariable = new Map(leaves.map((l) => [l.variable, l]));
  const values: Assignment[] = [];
  const take = (variable: string, leaf: Leaf | undefined) => {
    const raw = env[variable];
    if (leaf && raw !== undefined && raw !== '') values.push({ path: leaf.path, value: parse(raw, leaf.schema), origin: variable });
  };
  for (const [variable, path] of Object.entries(KNOWN_VARIABLES)) take(variable, byPath.get(path));
  const own = Object.keys(env).filter((v) => v.startsWith('KUBERNAUT_') && !isServiceLink(v, env[v] ?? ''));
  for (const variable of own.sort((a, b) => a.length - b.length)) take(variable, byVariable.get(variable));
  const sections = leaves.filter((l) => !l.path.includes('.')).map((l) => `${l.variable}_`);
  return { values, unknown: own.filter((v) => !byVariable.has(v) && sections.some((s) => v.startsWith(s))) };
}

/** Kubernetes puts `KUBERNAUT_GATEWAY_PORT=tcp://10.0.0.1:8080` into every pod beside a Service kubernaut-gateway. */
const isServiceLink = (variable: string, value: string): boolean =>
  /_SERVICE_(HOST|PORT)(_|$)/.test(variable) || /_PORT_\d+_(TCP|UDP)/.test(variable) || (variable.endsWith('_PORT') && /^(tcp|udp):\/\//.test(value));

/** Text → what the schema wants. What cannot be read stays text, and the schema then says what was expected. */
function parse(raw: string, schema: TSchema): unknown {
  switch (schema.type) {
    case 'integer':
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(raw.trim()) ? Number(raw) : raw;
    case 'boolean':
      return ({ true: true, '1': true, yes: true, on: true, false: false, '0': false, no: false, off: false } as Record<string, boolean>)[raw.trim().toLowerCase()] ?? raw;
    case 'array':
      return raw.trimStart().startsWith('[') ? json(raw) : raw.split(',').map((s) => s.trim()).filter((s) => s !== '').map((s) => parse(s, schema.items as TSchema));
    case 'object':
      return json(raw);
    default:
      return raw;
  }
}

function json(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
}
