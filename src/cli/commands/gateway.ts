import { once } from 'node:events';
import { Command } from 'commander';
import { actions } from '../../actions/index.js';
import { createLogger } from '../../adapters/telemetry/logger.js';
import { createMetrics } from '../../adapters/telemetry/metrics.js';
import { connectTemporal } from '../../adapters/temporal/index.js';
import { loadWithOrigins } from '../../config/load.js';
import { startGateway } from '../../gateway/server.js';
import { composePlatform } from '../../workers/compose.js';
import { EXIT, Exit } from '../exit.js';
import { followFilters, followPolicy, gatewayDepsOf } from '../gateway-deps.js';
import { keepReconciled } from '../reconcile.js';
import { temporalSettings } from '../temporal-settings.js';
import { VERSION } from '../version.js';

export const gatewayCommand = (): Command =>
  new Command('gateway')
    .description('the gateway process of a real deployment')
    .option('--co-located', 'the workers run with --role all: quick activities run inside the workflow worker', false)
    .option('--watch', 'turn bad conditions and Warning events of the cluster into signals (sources.kubernetes.watch)')
    .addHelpText('after', '\nExample:\n  TEMPORAL_ADDRESS=temporal:7233 DATABASE_URL=postgresql://… KUBE_CONTEXT=prod KUBERNAUT_GATEWAY_TOKENS=… kubernaut gateway')
    .action(async ({ coLocated, watch: isWatching }: { coLocated: boolean; watch?: boolean }, command: Command) => {
      const { dataDir } = command.optsWithGlobals<{ dataDir?: string }>();
      const { config, file } = loadWithOrigins({ flags: { dataDir, 'sources.kubernetes.watch': isWatching }, actionIds: actions.ids });
      if (!config.database.url && !config.database.host) {
        throw new Exit(EXIT.usage, 'a gateway of its own shares a database with the workers; set DATABASE_URL (the embedded one serves a single process)');
      }
      const logger = createLogger(config.log);
      const { filters, stop: stopFilters } = followFilters(config, logger);
      const metrics = createMetrics();
      const platform = await composePlatform({ config, version: VERSION, logger, metrics });
      const temporal = connectTemporal(temporalSettings(config));
      const watch = followPolicy({ config, platform, logger, file });
      const gateway = await startGateway(gatewayDepsOf({ config, platform, temporal, logger, metrics, isCoLocated: coLocated, watch, filters }));
      const stopReconciling = keepReconciled({ store: platform.store, temporal, cluster: platform.cluster.name, logger });
      logger.info({ url: gateway.url, pid: process.pid }, 'gateway is ready');
      await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
      watch?.stop();
      stopFilters();
      stopReconciling();
      await gateway.close();
      await temporal.close();
      await platform.close();
      process.exit(0);
    });
