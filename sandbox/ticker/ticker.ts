import { clusterCacheOf, type ClusterCache } from '../simulator/cluster-cache.js';
import { kubeClientOf } from '../simulator/kube-client.js';
import type { Kind } from '../simulator/kube-types.js';
import { alertBookOf, type Alert } from './alert-book.js';
import { isActive } from './judge.js';
import type { Labels } from './rule.js';
import { firedRules } from './rules.js';
import { deliveryTo, type AlertSink, type Delivery } from './sinks.js';

export interface TickerOptions {
  kubeconfig: string;
  /** None yet: rules are evaluated and kept until `setSink`. */
  sink?: AlertSink;
  /** Watch caches to share, e.g. the simulator's; own ones are started otherwise. */
  cache?: ClusterCache;
  tickMs?: number;
  /** A delivery that failed; it is tried again at the next tick. */
  onError?: (error: unknown) => void;
}

export interface Ticker {
  setSink(sink: AlertSink | undefined): void;
  firing(): Alert[];
  /** See `judge.ts`; undefined = no rule of that name. */
  isActive(alertname: string, labels: Labels): boolean | undefined;
  stop(): Promise<void>;
}

const watched: Kind[] = [
  'Pod', 'Node', 'Namespace', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job',
  'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'ResourceQuota', 'PersistentVolumeClaim', 'StorageClass',
];
const defaultTickMs = 1000;

/** Says what Prometheus and AlertManager would: fires, repeats and resolves alerts over the cluster's state. */
export async function startTicker(options: TickerOptions): Promise<Ticker> {
  const client = options.cache ? undefined : kubeClientOf(options.kubeconfig);
  const cache = options.cache ?? clusterCacheOf(client ?? kubeClientOf(options.kubeconfig));
  await cache.watch(watched);
  const book = alertBookOf(firedRules);
  let delivery: Delivery | undefined = options.sink && deliveryTo(options.sink);
  let delivering: Promise<void> = Promise.resolve();
  let isDelivering = false;

  const tick = (): void => {
    const nowMs = Date.now();
    const alerts = book.update(cache, nowMs);
    // a slow receiver delays the next delivery, never the evaluation
    if (!delivery || isDelivering) return;
    isDelivering = true;
    delivering = delivery
      .deliver(alerts, nowMs)
      .then((taken) => taken.forEach((fingerprint) => book.forget(fingerprint)))
      .catch((error: unknown) => options.onError?.(error))
      .finally(() => (isDelivering = false));
  };
  const timer = setInterval(tick, options.tickMs ?? defaultTickMs).unref();

  return {
    setSink: (sink) => {
      delivery = sink && deliveryTo(sink);
    },
    firing: () => book.firing(),
    isActive: (alertname, labels) => isActive(alertname, labels, cache, Date.now()),
    async stop() {
      clearInterval(timer);
      await delivering;
      if (!options.cache) await cache.stop();
      client?.close();
    },
  };
}
