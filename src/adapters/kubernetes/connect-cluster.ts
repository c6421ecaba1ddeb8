import { hostname } from 'node:os';
import type { KubeObject } from '../../domain/kube.js';
import { describeTarget } from '../../domain/target.js';
import type { Cluster, DatabaseControl } from '../../domain/ports.js';
import { accessReviews } from './access-review.js';
import { applyChange } from './apply.js';
import { openConnection, type RequestMetric, type Verb } from './connection.js';
import { eventLines } from './event-lines.js';
import { execInPod } from './exec.js';
import { listSome } from './list-some.js';
import { loadKubeConfig, type ClusterAddress } from './load-config.js';
import { resolveHints } from './resolve.js';
import { restOver } from './rest.js';
import { waitForWorld } from './wait-for.js';
import { openWatchCache, type Gap } from './watch-cache.js';
import { userAgentOf } from './write.js';

export interface ClusterOptions extends ClusterAddress {
  /** As whom writes are sent. Default: as who reads. The two are different service accounts in a real deployment. */
  executor?: ClusterAddress;
  /** Version in the User-Agent `kubernaut/<version>`. */
  userAgentVersion: string;
  /** Kinds not to watch (`Event` on a very large cluster, say). */
  exclude?: readonly string[];
  /** Called after every request but the watch streams. */
  metricsHook?: (metric: RequestMetric) => void;
  /** How long the first listing may take. Default 30 s. */
  syncTimeoutMs?: number;
  /** How long one request may take before it counts as lost. Default 10 s. */
  requestTimeoutMs?: number;
  /** First delay before a broken watch is opened again. Default 500 ms. */
  retryDelayMs?: number;
  /** Patroni, for actions on databases. Without it they are Unsupported. */
  databases?: DatabaseControl;
  /** Told of every watched object that another version takes the place of, or nothing does (`after` absent). */
  onReplaced?: (before: KubeObject, after: KubeObject | undefined) => void;
  /** Name in our Event objects. Default: the host's (pod's) name. */
  instance?: string;
}

/** A `Cluster` plus what operators want to see of the connection. */
export interface ConnectedCluster extends Cluster {
  /** API requests so far, without the cache's own lists and watches. */
  requests(): number;
  /** All API requests so far, the cache's included, by Kubernetes verb. */
  requestsByVerb(): Readonly<Record<Verb, number>>;
  /** Kinds that are not watched because they are forbidden or not served, and why. */
  gaps(): Gap[];
}

const MAX_RETRY_DELAY_MS = 15_000;

/**
 * Opens the watch cache and resolves when it is in step. Throws ConfigInvalid (kubeconfig), K8sUnavailable (no answer).
 * Never reads a default kubeconfig and never the environment.
 */
export async function connectCluster(options: ClusterOptions): Promise<ConnectedCluster> {
  const { name, userAgentVersion: version, exclude = [], syncTimeoutMs = 30_000, retryDelayMs = 500, instance = hostname() } = options;
  const config = loadKubeConfig(options);
  const userAgent = userAgentOf(version);
  const connection = openConnection(config, { userAgent, timeoutMs: options.requestTimeoutMs, onRequest: options.metricsHook });
  const writes = options.executor ? openConnection(loadKubeConfig(options.executor), { userAgent, timeoutMs: options.requestTimeoutMs, onRequest: options.metricsHook }) : connection;
  const rest = restOver(connection, writes);
  const closeAll = () => [connection, writes].forEach((c) => c.close());
  const cache = await openWatchCache({ config, connection, userAgent, exclude, syncTimeoutMs, retryDelayMs, maxRetryDelayMs: MAX_RETRY_DELAY_MS, onReplaced: options.onReplaced }).catch((error: unknown) => {
    closeAll();
    throw error;
  });
  const now = () => new Date().toISOString();
  const counts = () => (writes === connection ? connection.counts() : summed(connection.counts(), writes.counts()));

  return {
    name,
    isHealthy: () => cache.isLive(),
    gaps: () => cache.gaps(),
    apis: () => cache.apis(),
    world: () => cache.index,
    resolve: (hints) => resolveHints(cache.index, name, hints),
    read: (ref) => rest.read(ref),
    list: async (what, listOptions) => listSome(connection, { ...what, path: await rest.collectionOf({ ...what, name: '' }) }, listOptions),
    apply: (change, applyOptions) => applyChange({ connection: writes, rest, world: () => cache.index, version, instance, now, databases: options.databases }, change, applyOptions),
    waitFor: (isDone, signal) => waitForWorld(cache, isDone, signal),
    async logs(pod, { container, isPrevious, tailLines, limitBytes }) {
      const path = await rest.pathOf({ apiVersion: 'v1', kind: 'Pod', ...pod });
      const query = { container, tailLines, limitBytes, ...(isPrevious ? { previous: 'true' } : {}) };
      return (await rest.send({ verb: 'get', path: `${path}/log`, query, isText: true }, { about: `log of ${describeTarget({ kind: 'Pod', ...pod })} ${container}` })) as string;
    },
    exec: (pod, { actionId, ...what }) => execInPod({ connection: writes, rest, userAgent: userAgentOf(version, actionId) }, pod, what),
    events: (objects) => eventLines(cache.index, objects),
    isAllowed: accessReviews(rest, () => performance.now()),
    requests: () => directRequests(counts()),
    requestsByVerb: counts,
    async close() {
      await cache.close();
      closeAll();
    },
  };
}

/** The cache lists and watches; what one action lists beside it is not told apart. */
const directRequests = (c: Readonly<Record<Verb, number>>): number => c.get + c.create + c.update + c.patch + c.delete;

const summed = (a: Readonly<Record<Verb, number>>, b: Readonly<Record<Verb, number>>): Record<Verb, number> =>
  Object.fromEntries(Object.entries(a).map(([verb, n]) => [verb, n + b[verb as Verb]])) as Record<Verb, number>;
