import { fastify, LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { GatewayDeps } from './deps.js';
import { createFilters } from './filters.js';
import { createIntake, type Intake } from './intake.js';
import { addAnswers, onClientError, sendProblem } from './plugins/answers.js';
import { addDocumentation, serveDocumentation } from './plugins/documentation.js';
import { addDoor } from './plugins/door.js';
import { addHostAndExpect, ANSWER_OURSELVES } from './plugins/host-and-expect.js';
import { addTracing, requestIdOf } from './plugins/tracing.js';
import { openSources } from './open-sources.js';
import { createReadiness } from './readiness.js';
import { createRedrive } from './redrive.js';
import { analysisRoutes } from './routes/analysis.js';
import { approvePage } from './routes/approve-page.js';
import { catalogueRoutes } from './routes/catalogue.js';
import { filterRoutes } from './routes/filters.js';
import { pauseRoutes } from './routes/pauses.js';
import { recordRoutes } from './routes/records.js';
import { healthRoutes, metricsRoute } from './routes/probes.js';
import { remediationRoutes } from './routes/remediations.js';
import { replayRoutes } from './routes/replay.js';
import { signalRoutes } from './routes/signals.js';
import { requireToken } from './require-token.js';
import { createTokenCheck } from './jwt.js';
import { tlsOptions } from './tls.js';
import { trustedProxies } from './trusted-proxies.js';
import { watchAlertManager } from './watch-alertmanager.js';
import { watchCluster } from './watch-cluster.js';

const API_BODY_BYTES = 256 * 1024;
const REQUEST_TIMEOUT_MS = 15_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** How often Node looks for requests that are too slow; its default of 30 s would give them 45. */
const LOOK_FOR_SLOW_MS = 2000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 4096;

/**
 * The HTTP surface (product.md 4), apart from the process that serves it. Register more routes on what this returns before
 * `listen`: hooks, limits, credentials and problems hold for them too. Throws ConfigInvalid when it would be open to strangers.
 */
export function buildGateway(deps: GatewayDeps): FastifyInstance {
  requireToken(deps.config.gateway);
  const checkToken = createTokenCheck(deps);
  const app = fastify(serverOptions(deps));
  app.server.maxConnections = MAX_CONNECTIONS;
  const readiness = createReadiness({ ...deps, policyIssues: () => [...deps.policyIssues(), ...alertmanager.issues()] });
  app.decorate('readiness', readiness);
  const filters = deps.filters ?? createFilters();
  const intake = createIntake(deps, filters);
  const sources = openSources(deps.config);
  app.addHook('preClose', async () => readiness.closing());
  app.addHook('onClose', async () => intake.close());
  watchOwnCluster(app, deps, intake);
  const alertmanager = watchAlertManager(app, deps, { intake, readiness });
  redriveInbox(app, deps, intake);
  addTracing(app, deps.metrics);
  addAnswers(app);
  addHostAndExpect(app);
  addDoor(app, deps.config.gateway, { readiness, sources, checkToken });
  addDocumentation(app, deps.version);
  void app.register(async (routes) => {
    signalRoutes(routes, deps, { intake, sources, truncations: alertmanager.truncations });
    remediationRoutes(routes, deps);
    analysisRoutes(routes, deps);
    replayRoutes(routes, deps);
    approvePage(routes, deps);
    recordRoutes(routes, deps, alertmanager.truncations.issues);
    catalogueRoutes(routes, deps, sources.members.map((s) => s.key));
    filterRoutes(routes, deps, filters);
    pauseRoutes(routes, deps);
    healthRoutes(routes, readiness, deps.version);
    metricsRoute(routes, deps);
    serveDocumentation(routes);
  });
  return app;
}

/** Off unless `sources.kubernetes.watch`: where AlertManager fires about the same things, everything would be said twice. */
function watchOwnCluster(app: FastifyInstance, deps: GatewayDeps, intake: Intake): void {
  const { config, cluster, world } = deps;
  if (config.sources.kubernetes?.watch !== true || !world) return;
  const isInStep = (): boolean => deps.clusterHealth()[cluster] ?? false;
  const watch = watchCluster({ cluster, world, isInStep, namespaces: config.gateway.namespaces }, { ...deps, intake });
  app.addHook('onListen', async () => watch.start());
  app.addHook('preClose', () => watch.stop());
}

function redriveInbox(app: FastifyInstance, deps: GatewayDeps, intake: Intake): void {
  const redrive = createRedrive({ ...deps, intake });
  app.addHook('onListen', async () => redrive.start());
  app.addHook('preClose', () => redrive.stop());
}

const SLOW = { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: LOOK_FOR_SLOW_MS, ...ANSWER_OURSELVES };

function serverOptions({ config, logger }: GatewayDeps): FastifyServerOptions {
  return {
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: trustedProxies(config.gateway),
    bodyLimit: API_BODY_BYTES,
    // Node's own defaults are off under Fastify: a body of one byte per second would hold its socket for ever.
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: 60_000,
    keepAliveTimeout: 75_000,
    maxRequestsPerSocket: 10_000,
    ...(config.gateway.tls ? { https: { ...tlsOptions(config.gateway.tls), ...SLOW, handshakeTimeout: HANDSHAKE_TIMEOUT_MS } } : { http: SLOW }),
    routerOptions: { maxParamLength: 700 },
    // Our own hook answers while closing: as a problem, with Retry-After.
    return503OnClosing: false,
    // A path that cannot be decoded never reaches our hooks.
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply.header('x-request-id', request.id).header('x-response-time', `${reply.elapsedTime.toFixed(1)}ms`)),
    clientErrorHandler: onClientError as never,
  } as FastifyServerOptions;
}
