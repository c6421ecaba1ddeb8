import type { FastifyInstance } from 'fastify';
import { alertManagersOf } from '../adapters/alertmanager/client.js';
import { revealed } from '../config/secret.js';
import { durationMs } from '../domain/duration.js';
import type { AlertmanagerSettings } from '../sources/alertmanager-settings.js';
import type { GatewayDeps } from './deps.js';
import type { Intake } from './intake.js';
import type { Readiness } from './readiness.js';
import { reconcileAlerts } from './reconcile-alerts.js';
import { reconcileLoop } from './reconcile-loop.js';
import { createTruncations, type Truncations } from './truncations.js';

export interface AlertManagerWatch {
  truncations: Truncations;
  issues(): string[];
}

/** What every source has: what it may speak of. */
interface Scope {
  cluster?: string;
  clusters: string[];
  namespaces: string[];
}

const LEAST_MS = 1_000;

/** What fires there is what fires here, as far as `sources.alertmanager.url` allows to know. Throws ConfigInvalid. */
export function watchAlertManager(app: FastifyInstance, deps: GatewayDeps, { intake, readiness }: { intake: Intake; readiness: Readiness }): AlertManagerWatch {
  const { config, cluster, logger, metrics } = deps;
  const settings = revealed(config.sources.alertmanager) as unknown as AlertmanagerSettings & Scope;
  const peers = alertManagersOf(settings);
  if (peers.length === 0) {
    const truncations = createTruncations({ metrics, isFetched: false });
    return { truncations, issues: truncations.issues };
  }
  const { cluster: own = cluster, clusters, namespaces } = settings;
  const reconciliation = reconcileAlerts(
    {
      peers, cluster: own,
      scope: { path: 'sources.alertmanager', clusters, namespaces },
      clusters: [cluster, ...config.gateway.clusters],
      covers: clusters.length > 0 ? clusters : [own],
      served: config.gateway.namespaces,
      receiver: settings.receiver,
      warmUpMs: durationMs(settings.warmUp),
      resolvesGone: settings.resolveGone,
    },
    { ...deps, intake },
  );
  const everyMs = Math.max(LEAST_MS, durationMs(settings.reconcileEvery));
  const loop = reconcileLoop({ reconciliation, logger, everyMs, isAble: () => isAble(readiness) });
  const truncations = createTruncations({ metrics, isFetched: true, onShort: (sourceId) => sourceId === 'alertmanager' && loop.takeSoon() });
  app.addHook('onListen', async () => loop.start());
  app.addHook('preClose', () => loop.stop());
  return { truncations, issues: () => [...truncations.issues(), ...reconciliation.issues()] };
}

async function isAble(readiness: Readiness): Promise<boolean> {
  const { components } = await readiness.check();
  return components.temporal === 'up' && components.store === 'up';
}
