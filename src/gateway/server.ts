import type { Server as HttpsServer } from 'node:https';
import { fastify, LogController, type FastifyInstance } from 'fastify';
import { KubernautError } from '../domain/errors.js';
import { buildGateway } from './app.js';
import type { GatewayDeps } from './deps.js';
import type { Readiness } from './readiness.js';
import { healthRoutes, metricsRoute } from './routes/probes.js';
import { followCertificate } from './tls.js';

export interface RunningGateway {
  /** `http://127.0.0.1:8080` */
  url: string;
  port: number;
  app: FastifyInstance;
  /** Answers what is in flight, refuses what is new, then ends. Safe to call twice. */
  close(): Promise<void>;
}

export interface StartOptions {
  /** Registers more routes before the gateway listens. */
  extend?: (app: FastifyInstance) => void;
}

/** Serves the gateway as its configuration says. Throws ConfigInvalid when it would be open to strangers. */
export async function startGateway(deps: GatewayDeps, options: StartOptions = {}): Promise<RunningGateway> {
  const { gateway } = deps.config;
  const app = buildGateway(deps);
  options.extend?.(app);
  await listen(app, gateway.host, gateway.port);
  const probes = await startProbes(deps, readinessOf(app));
  const { port } = app.server.address() as { port: number };
  const { tls } = gateway;
  const unfollow = tls && followCertificate(app.server as unknown as HttpsServer, tls, (error) => deps.logger.error({ err: error }, 'the renewed certificate cannot be used; the old one stays'));
  const close = once(async () => {
    unfollow?.();
    await Promise.all([app.close(), ...probes.map((p) => p.close())]);
  });
  const host = gateway.host.includes(':') ? `[${gateway.host}]` : gateway.host;
  return { url: `${gateway.tls ? 'https' : 'http'}://${host}:${port}`, port, app, close };
}

/** The same on every port: what it says of itself, and that it is about to end. */
const readinessOf = (app: FastifyInstance): Readiness => (app as unknown as { readiness: Readiness }).readiness;

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new KubernautError('ConfigInvalid', `port ${port} on ${host} is in use; choose another with --port or gateway.port`, error);
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') throw new KubernautError('ConfigInvalid', `cannot listen on ${host}:${port} (${code}); change gateway.host or gateway.port`, error);
    throw error;
  }
}

/** HEALTH_PORT and METRICS_PORT: listeners of their own, for networks where the webhook's port is not reachable for probes. */
async function startProbes(deps: GatewayDeps, readiness: Readiness): Promise<FastifyInstance[]> {
  const { host, port, healthPort, metricsPort } = deps.config.gateway;
  const wanted = new Map<number, ((app: FastifyInstance) => void)[]>();
  const add = (at: number | undefined, routes: (app: FastifyInstance) => void) => {
    if (at !== undefined && at !== port) wanted.set(at, [...(wanted.get(at) ?? []), routes]);
  };
  add(healthPort, (app) => healthRoutes(app, readiness, deps.version));
  add(metricsPort, (app) => metricsRoute(app, deps));
  const servers: FastifyInstance[] = [];
  for (const [at, routes] of wanted) {
    const app = bareServer(deps);
    routes.forEach((register) => register(app));
    await listen(app, host, at);
    servers.push(app);
  }
  return servers;
}

const bareServer = ({ logger }: Pick<GatewayDeps, 'logger'>): FastifyInstance =>
  fastify({ loggerInstance: logger, logController: new LogController({ disableRequestLogging: true }), requestTimeout: 10_000 } as object) as unknown as FastifyInstance;

/** `/metrics` of a process that is no gateway, on `gateway.metricsPort`; undefined when none is configured. */
export async function serveMetrics(deps: Pick<GatewayDeps, 'config' | 'logger' | 'metrics'>): Promise<FastifyInstance | undefined> {
  const { host, metricsPort } = deps.config.gateway;
  if (metricsPort === undefined) return undefined;
  const app = bareServer(deps);
  metricsRoute(app, { metrics: deps.metrics });
  await listen(app, host, metricsPort);
  return app;
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}
