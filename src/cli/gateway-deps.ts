import { actions } from '../actions/index.js';
import type { Logger } from '../adapters/telemetry/logger.js';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import { createTemporalGateway, type TemporalConnection } from '../adapters/temporal/index.js';
import type { Config } from '../config/schema.js';
import { investigationLimitsOf } from '../config/investigation.js';
import { watchFilters } from '../config/watch-filters.js';
import { watchPolicy, type PolicyWatch } from '../config/watch-policy.js';
import { durationMs } from '../domain/duration.js';
import type { GatewayDeps } from '../gateway/deps.js';
import { createFilters, type Filters } from '../gateway/filters.js';
import { clusterNameOf, type Platform } from '../workers/compose.js';
import { VERSION } from './version.js';

interface Parts {
  config: Config;
  platform: Platform;
  temporal: TemporalConnection;
  logger: Logger;
  metrics: Metrics;
  /** Do the workers of these remediations run every role in one process? */
  isCoLocated: boolean;
  watch?: PolicyWatch;
  filters: Filters;
}

/** What the gateway stands on, from what the workers stand on. */
export const gatewayDepsOf = ({ config, platform, temporal, logger, metrics, isCoLocated, watch, filters }: Parts): GatewayDeps => ({
  config,
  cluster: clusterNameOf(config),
  storm: () => platform.storms.last(),
  store: platform.store,
  temporal: createTemporalGateway(temporal),
  resolveTarget: (hints) => platform.cluster.resolve(hints),
  world: () => platform.cluster.world(),
  clusterHealth: () => ({ [platform.cluster.name]: platform.cluster.isHealthy() }),
  remediate: {
    horizons: config.effectiveness.horizons.map((name) => ({ name, afterMs: durationMs(name) })),
    isCoLocated,
    hasModel: platform.hasModel,
    ...(platform.hasModel ? { investigation: investigationLimitsOf(config) } : {}),
    channels: platform.channels,
    links: {
      api: config.gateway.publicUrl ?? `http://${config.gateway.host}:${config.gateway.port}`,
      ...(config.temporal.uiUrl ? { temporalUi: `${config.temporal.uiUrl}/namespaces/${config.temporal.namespace}` } : {}),
    },
  },
  actions,
  logger,
  metrics,
  version: VERSION,
  policyIssues: () => [watch?.issue(), ...filters.issues()].filter((issue): issue is string => issue !== undefined),
  filters,
  ...(watch ? { policy: () => watch.current() } : {}),
});

/** Re-reads the policy part of the file when it changes; undefined where there is no file. */
export function followPolicy(options: { config: Config; platform: Pick<Platform, 'policy'>; logger: Logger; file?: string; flags?: Record<string, unknown> }): PolicyWatch | undefined {
  const { config, platform, logger, file, flags } = options;
  if (file === undefined) return undefined;
  return watchPolicy(
    { file, flags, actionIds: actions.ids },
    config.policy,
    (policy) => platform.policy.replace(policy),
    (error) => logger.warn({ err: error }, 'the policy file is bad; the old rules stay in force'),
  );
}

/** The filter rules of the configured file and the shipped ones, re-read when the file changes. Throws ConfigInvalid when it is bad at the start. */
export function followFilters({ filters: { path } }: Pick<Config, 'filters'>, logger: Logger): { filters: Filters; stop(): void } {
  const watch = watchFilters(path, {
    onChange: ({ rules }) => logger.info({ rules: rules.length, file: path }, 'the filter rules were read again'),
    onError: (error) => logger.warn({ err: error }, 'the filter file is bad; the old rules stay in force'),
  });
  return { filters: createFilters(watch), stop: () => watch.stop() };
}
