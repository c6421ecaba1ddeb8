import type { Logger } from '../adapters/telemetry/logger.js';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import { connectTemporal } from '../adapters/temporal/index.js';
import type { Config } from '../config/schema.js';
import { ROLES } from '../domain/task-queues.js';
import { startGateway } from '../gateway/server.js';
import { composePlatform } from '../workers/compose.js';
import { startWorkers } from '../workers/main.js';
import { followFilters, followPolicy, gatewayDepsOf } from './gateway-deps.js';
import { keepReconciled } from './reconcile.js';
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

/** Gateway and every worker role in one process, sharing one store and one watch cache. What was opened is closed when a later part fails. */
export async function runAll(options: RunAllOptions): Promise<Running> {
  const opened: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return { ...(await openAll(options, opened)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openAll({ config, logger, isSandbox, policyFile, flags }: RunAllOptions, opened: (() => Promise<void> | void)[]): Promise<Omit<Running, 'stop'>> {
  const { filters, stop } = followFilters(config, logger);
  opened.push(stop);
  const metrics = createMetrics();
  const platform = await composePlatform({ config, version: VERSION, logger, metrics });
  opened.push(() => platform.close());
  const temporal = connectTemporal(temporalSettings(config));
  opened.push(() => temporal.close());
  const watch = followPolicy({ config, platform, logger, file: policyFile, flags });
  opened.push(() => watch?.stop());
  const workers = await startWorkers({
    temporal: temporalSettings(config),
    roles: ROLES,
    activities: platform.activities,
    limits: { actions: config.actions.maxConcurrent, workflows: config.processing.maxConcurrent },
    logger,
  });
  opened.push(() => workers.stop());
  const gateway = await startGateway(gatewayDepsOf({ config, platform, temporal, logger, metrics, isCoLocated: true, watch, filters }), {
    extend: (app) => void (isSandbox && registerSandboxPolicy(app, platform.policy)),
  });
  opened.push(() => gateway.close());
  opened.push(keepReconciled({ store: platform.store, temporal, cluster: platform.cluster.name, logger }));
  return { url: gateway.url, failed: workers.finished.catch((error: unknown) => error) };
}
