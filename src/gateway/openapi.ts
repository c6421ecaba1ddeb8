import { createLogger } from '../adapters/telemetry/logger.js';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import { loadConfig } from '../config/load.js';
import { buildGateway } from './app.js';
import type { GatewayDeps } from './deps.js';

/** The OpenAPI document, made without any server: for docs/reference/openapi.json. */
export async function openApiDocument(version: string): Promise<object> {
  const untouched = new Proxy({}, { get: () => () => Promise.reject(new Error('there is no server behind the document')) });
  const deps = {
    config: loadConfig({ env: {}, flags: { 'gateway.allowInsecure': true } }),
    cluster: 'example',
    store: untouched,
    temporal: untouched,
    resolveTarget: () => undefined,
    clusterHealth: () => ({}),
    remediate: { horizons: [], isCoLocated: false, hasModel: false, channels: [], links: {} },
    actions: { members: [] },
    logger: createLogger({ level: 'silent', format: 'json' }),
    metrics: createMetrics({ withProcess: false }),
    version,
    policyIssues: () => [],
  } as unknown as GatewayDeps;
  const app = buildGateway(deps);
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
  }
}
