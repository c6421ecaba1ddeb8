import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { actions } from '../../src/actions/index.js';
import { openDatabase } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import { createMetrics } from '../../src/adapters/telemetry/metrics.js';
import { connectTemporal, createTemporalGateway } from '../../src/adapters/temporal/index.js';
import { loadFilters } from '../../src/config/filters.js';
import { loadConfig } from '../../src/config/load.js';
import type { TargetHint } from '../../src/domain/signal.js';
import type { Target } from '../../src/domain/target.js';
import type { GatewayDeps } from '../../src/gateway/deps.js';
import { createFilters } from '../../src/gateway/filters.js';
import { startGateway } from '../../src/gateway/server.js';
import { memoryTemporal } from '../support/gateway.js';
import { furnish } from './furnish.js';
import type { Asked, OpenApi, Surface, Told, Vitals } from './protocol.js';
import type { GatewaySettings } from './settings.js';

/**
 * The gateway to be fuzzed, in a process of its own: on loopback, with a real PostgreSQL (PGlite in memory) and every source
 * open. It has no handler for unhandled rejections: one ends it, as it would end the product.
 */

const file = process.argv[2]!;
const settings = JSON.parse(readFileSync(file, 'utf8')) as GatewaySettings;
const engine = memoryTemporal();
const tell = (told: Told): void => void process.send!(told);
process.on('disconnect', () => process.exit(0)); // nobody is left to be answered

/** Pods have an owner, everything else stands for itself; names with an x are gone. */
function resolveTarget(hints: readonly TargetHint[], cluster: string): Target | undefined {
  const hint = hints.find((h) => !h.name.includes('x'));
  if (!hint) return undefined;
  const { kind, name, namespace, apiVersion = 'v1' } = hint;
  if (kind === 'Pod') return { cluster, apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: name.replace(/-\d+$/, ''), uid: `uid-${name}` };
  return { cluster, apiVersion, kind, name, ...(namespace ? { namespace } : {}) };
}

async function build(): Promise<GatewayDeps> {
  // Its path is shown to whoever asks for the rules, and must not look like one of our own.
  const filters = join(mkdtempSync(join(tmpdir(), 'fuzz-')), 'filters.yaml');
  writeFileSync(filters, settings.filters);
  const loaded = loadFilters(filters);
  rmSync(dirname(filters), { recursive: true });
  const config = loadConfig({ env: {}, flags: settings.flags });
  const database = await openDatabase({ kind: 'pglite', dataDir: 'memory://' });
  return {
    config,
    cluster: settings.cluster,
    store: createStore(database),
    temporal: settings.temporal ? createTemporalGateway(connectTemporal(settings.temporal)) : engine.temporal,
    resolveTarget,
    clusterHealth: () => ({ [settings.cluster]: true }),
    remediate: { horizons: [{ name: '1s', afterMs: 1000 }], isCoLocated: true, hasModel: false, channels: ['log'], links: { api: 'http://gateway.example.com', temporalUi: 'http://temporal.example.com' } },
    actions,
    logger: createLogger({ level: 'warn', format: 'json' }),
    metrics: createMetrics(),
    version: '0.0.0-fuzz',
    policyIssues: () => [],
    filters: createFilters({ current: () => loaded, issue: () => undefined }),
    // Nothing a request points to is looked up on a network.
    documents: { read: async () => settings.certificate, visit: async () => undefined },
  };
}

/** Fastify registers our routes when it gets ready, so this hook sees all of them. */
function routesOf(app: FastifyInstance): Surface['routes'] {
  const routes: Surface['routes'] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    routes.push({ methods: [method].flat(), url, isPublic: config?.isPublic === true, isWebhook: config?.isWebhook === true });
  });
  return routes;
}

async function vitals(app: FastifyInstance): Promise<Vitals> {
  // What the test double remembers is no leak of the gateway.
  engine.state.open.clear();
  engine.state.delays.clear();
  engine.state.told.length = 0;
  // Twice: what a finalizer or a timer of the first lets go of is collected by the second.
  for (let round = 0; round < 2; round++) {
    globalThis.gc!();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const connections = await new Promise<number>((resolve, reject) => app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
  return { heapUsed: process.memoryUsage().heapUsed, connections, resources };
}

const deps = await build();
const known = await furnish(deps.store);
let routes: Surface['routes'] = [];
const gateway = await startGateway(deps, { extend: (app) => (routes = routesOf(app)) });
process.on('message', ({ id }: Asked) => void vitals(gateway.app).then((v) => tell({ id, vitals: v })));
const { sources } = await (await fetch(`${gateway.url}/api/v1/info`, { headers: { authorization: `Bearer ${(settings.flags['gateway.tokens'] as string[])[0]!}` } })).json() as { sources: string[] };
tell({ listening: { port: gateway.port, openapi: gateway.app.swagger() as unknown as OpenApi, routes, sources, known } });
