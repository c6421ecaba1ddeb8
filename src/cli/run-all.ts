import { actions } from '../actions/index.js';
import type { Logger } from '../adapters/telemetry/logger.js';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import { connectTemporal, createTemporalGateway } from '../adapters/temporal/index.js';
import type { Config } from '../config/schema.js';
import { watchPolicy } from '../config/watch-policy.js';
import { durationMs } from '../domain/duration.js';
import { ROLES } from '../domain/task-queues.js';
import { buildGateway } from '../gateway/app.js';
import { clusterNameOf, composePlatform, type Platform } from '../workers/compose.js';
import { startWorkers } from '../workers/main.js';
import { registerSandboxPolicy } from './sandbox-policy.js';
import { temporalSettings } from './temporal-settings.js';
import { VERSION } from './version.js';

export interface RunAllOptions {
  config: Config;
  logger: Logger;
  isSandbox: boolean;
  policyFile?: string;
  /** What was given on top of the file: it stays on top when the file changes. */
  flags?: Record<string, unknown>;
}

export interface Running {
  url: string;
  /** Resolves when a part failed that this process cannot do without. */
  failed: Promise<unknown>;
  stop(): Promise<void>;
}

/** Gateway and every worker role in one process, sharing one store and one watch cache. */
export async function runAll({ config, logger, isSandbox, policyFile, flags }: RunAllOptions): Promise<Running> {
  const metrics = createMetrics();
  const platform = await composePlatform({ config, version: VERSION, logger, metrics });
  const temporal = connectTemporal(temporalSettings(config));
  const watch = policyFile
    ? watchPolicy({ file: policyFile, flags, actionIds: actions.ids }, config.policy, (policy) => platform.policy.replace(policy), (error) => logger.warn({ err: error }, 'the policy file is bad; the old rules stay in force'))
    : undefined;
  const app = buildGateway({
    config,
    cluster: clusterNameOf(config),
    store: platform.store,
    temporal: createTemporalGateway(temporal),
    resolveTarget: (hints) => platform.cluster.resolve(hints),
    clusterHealth: () => ({ [platform.cluster.name]: platform.cluster.isHealthy() }),
    remediate: remediateDefaults(config, platform, true),
    actions,
    logger,
    metrics,
    version: VERSION,
    policyIssues: () => [watch?.issue()].filter((i): i is string => i !== undefined),
  });
  if (isSandbox) registerSandboxPolicy(app, platform.policy);
  const workers = await startWorkers({
    temporal: temporalSettings(config),
    roles: ROLES,
    activities: platform.activities,
    limits: { actions: config.actions.maxConcurrent, workflows: config.processing.maxConcurrent },
    logger,
  });
  const url = await app.listen({ host: config.gateway.host, port: config.gateway.port });
  return {
    url,
    failed: workers.finished.catch((error: unknown) => error),
    async stop() {
      watch?.stop();
      await app.close();
      await workers.stop();
      await temporal.close();
      await platform.close();
    },
  };
}

/** What every remediation is started with. */
export const remediateDefaults = (config: Config, platform: Pick<Platform, 'hasModel' | 'channels'>, isCoLocated: boolean) => ({
  horizons: config.effectiveness.horizons.map((name) => ({ name, afterMs: durationMs(name) })),
  isCoLocated,
  hasModel: platform.hasModel,
  channels: platform.channels,
  links: {
    api: config.gateway.publicUrl ?? `http://${config.gateway.host}:${config.gateway.port}`,
    ...(config.temporal.uiUrl ? { temporalUi: `${config.temporal.uiUrl}/namespaces/${config.temporal.namespace}` } : {}),
  },
});
