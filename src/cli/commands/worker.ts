import { once } from 'node:events';
import { Command, Option } from 'commander';
import { actions } from '../../actions/index.js';
import { createLogger } from '../../adapters/telemetry/logger.js';
import { createMetrics } from '../../adapters/telemetry/metrics.js';
import { loadWithOrigins } from '../../config/load.js';
import { ROLES, type Role } from '../../domain/task-queues.js';
import { serveMetrics } from '../../gateway/server.js';
import { composePlatform } from '../../workers/compose.js';
import { startWorkers } from '../../workers/main.js';
import { EXIT, Exit } from '../exit.js';
import { followPolicy } from '../gateway-deps.js';
import { temporalSettings } from '../temporal-settings.js';
import { VERSION } from '../version.js';

export const workerCommand = (): Command =>
  new Command('worker')
    .description('a worker process of a real deployment')
    .addOption(new Option('--role <role...>', 'which capabilities it serves').choices(['all', ...ROLES]).default(['all']))
    .addHelpText('after', '\nExample:\n  TEMPORAL_ADDRESS=temporal:7233 DATABASE_URL=postgresql://… KUBE_CONTEXT=prod kubernaut worker --role actions')
    .action(async ({ role }: { role: (Role | 'all')[] }, command: Command) => {
      const { dataDir } = command.optsWithGlobals<{ dataDir?: string }>();
      const { config, file } = loadWithOrigins({ flags: { dataDir }, actionIds: actions.ids });
      if (!config.database.url && !config.database.host) {
        throw new Exit(EXIT.usage, 'a worker of its own shares a database with the others; set DATABASE_URL (the embedded one serves a single process)');
      }
      const logger = createLogger(config.log);
      const metrics = createMetrics();
      const metricsServer = await serveMetrics({ config, logger, metrics });
      const platform = await composePlatform({ config, version: VERSION, logger, metrics });
      const watch = followPolicy({ config, platform, logger, file });
      const roles = role.includes('all') ? ROLES : (role as Role[]);
      const workers = await startWorkers({
        temporal: temporalSettings(config), roles, activities: platform.activities,
        limits: { actions: config.actions.maxConcurrent, workflows: config.processing.maxConcurrent }, logger,
      });
      logger.info({ roles, pid: process.pid }, 'worker is ready');
      await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), workers.finished]);
      watch?.stop();
      await workers.stop();
      await platform.close();
      await metricsServer?.close();
      process.exit(0);
    });
