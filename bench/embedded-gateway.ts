// `kubernaut gateway` insists on a PostgreSQL server, because a gateway of its own shares its database with workers. Here none
// run, so that it can be measured as a process of its own with the embedded database, which `kubernaut up` gives it.
import { once } from 'node:events';
import { actions } from '../src/actions/index.js';
import { createLogger } from '../src/adapters/telemetry/logger.js';
import { createMetrics } from '../src/adapters/telemetry/metrics.js';
import { connectTemporal } from '../src/adapters/temporal/index.js';
import { followFilters, gatewayDepsOf } from '../src/cli/gateway-deps.js';
import { temporalSettings } from '../src/cli/temporal-settings.js';
import { VERSION } from '../src/cli/version.js';
import { loadConfig } from '../src/config/load.js';
import { startGateway } from '../src/gateway/server.js';
import { composePlatform } from '../src/workers/compose.js';

const config = loadConfig({ actionIds: actions.ids });
const logger = createLogger(config.log);
const metrics = createMetrics();
const platform = await composePlatform({ config, version: VERSION, logger, metrics });
const temporal = connectTemporal(temporalSettings(config));
const { filters, stop } = followFilters(config, logger);
const gateway = await startGateway(gatewayDepsOf({ config, platform, temporal, logger, metrics, isCoLocated: false, filters }));
logger.info({ url: gateway.url, pid: process.pid }, 'gateway is ready');
await once(process, 'SIGTERM');
stop();
await gateway.close();
await temporal.close();
await platform.close();
process.exit(0);
