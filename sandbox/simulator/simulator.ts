import { applyCrds } from '../operators/apply-crds.js';
import { operators } from '../operators/index.js';
import { runOperators } from '../operators/run-operators.js';
import { readImageTable, imageTableOf } from '../images.js';
import { accessChecksOf } from './access-checks.js';
import { routeChanges } from './change-routing.js';
import { clusterCacheOf, type ClusterCache } from './cluster-cache.js';
import { eventRecorderOf } from './event-recorder.js';
import { kubeClientOf } from './kube-client.js';
import type { Kind } from './kube-types.js';
import { startKubeletServer } from './kubelet-server.js';
import { startMetricsServer } from './metrics-server.js';
import { createImageTable, registerMetricsApi, sandboxNamespace, serverVersion } from './metrics-service.js';
import { createDefaultNodes, nodeDriverOf, type NodeDriver } from './node-driver.js';
import { podDriverOf, type PodDriver } from './pod-driver.js';
import { createDefaultClasses, runStorage } from './storage.js';
import type { World } from './world.js';

export interface SimulatorOptions {
  /** Path of an admin kubeconfig. */
  kubeconfig: string;
  /** Serving certificate and key (PEM paths) of the kubelet and metrics endpoint; any name will do, nobody verifies it. */
  certFile: string;
  keyFile: string;
  /** YAML put into the image table when the cluster has none yet. */
  images?: string;
  /** Failures of single writes: they are retried or overtaken by later ones, so they end here and nowhere else. */
  onError?: (error: unknown) => void;
}

export interface Simulator {
  /** Prometheus text, plain HTTP. */
  metricsUrl: string;
  /** The watch caches, for the alert ticker to share. */
  cache: ClusterCache;
  world: World;
  stop(): Promise<void>;
}

const ruleKinds: Kind[] = [
  'ConfigMap', 'Secret', 'Service', 'EndpointSlice', 'NetworkPolicy', 'Namespace',
  'PersistentVolume', 'PersistentVolumeClaim', 'StorageClass', 'Node', 'Pod',
];
const metricKinds: Kind[] = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'ResourceQuota'];

/** Keeps `world.images` at what ConfigMap kubernaut-sandbox/images says; a broken key keeps the others alive. */
function followImages(cache: ClusterCache, apply: (data: Record<string, string>) => void): void {
  cache.on('ConfigMap', (change, map) => {
    if (map.metadata.namespace === sandboxNamespace && map.metadata.name === 'images') apply(change === 'delete' ? {} : (map.data ?? {}));
  });
}

/**
 * Plays every kubelet of the cluster (nodes, pods, volumes, logs, usage) against a real control plane. Resolves once
 * the default nodes exist and pods are looked after; rejects with KubeRequestError when the server cannot be used.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  let isStopped = false;
  // what is cut off by the end itself is no news
  const onError = (error: unknown): void => void (isStopped || options.onError?.(error));
  const client = kubeClientOf(options.kubeconfig);
  const kubeletVersion = await serverVersion(client);
  const cache = clusterCacheOf(client);
  // served a moment after they are created: that moment passes while everything else starts
  const crds = applyCrds(client, operators);
  crds.catch(() => undefined);
  await Promise.all([createImageTable(client, options.images ?? 'images: []\n'), createDefaultClasses(client)]);

  const live: { world?: World; pods?: PodDriver; nodes?: NodeDriver } = {};
  const isNodeAlive = (name: string): boolean => live.nodes?.isAlive(name) ?? false;
  const kubelet = await startKubeletServer({ ...options, world: () => live.world, memoryOf: (uid) => live.pods?.memoryOf(uid), isNodeAlive, touch: (namespace, name) => live.pods?.touch(namespace, name) });

  const access = accessChecksOf(client, (namespace) => routing.touchNamespace(namespace), onError);
  const world: World = { get: cache.get, list: cache.list, images: imageTableOf([]), isAllowed: access.isAllowed };
  const pods = podDriverOf({ client, cache, world, events: eventRecorderOf(client, onError), isNodeAlive, onError });
  // pods wait for the first full picture: half a cache would look like missing ConfigMaps
  let hasPicture = false;
  const routing = routeChanges(cache, world, (namespace, name) => void (hasPicture && pods.touch(namespace, name)));
  followImages(cache, (data) => {
    const { table, errors } = readImageTable(data);
    world.images = table;
    for (const error of errors) onError(new Error(`image table ${sandboxNamespace}/images, key ${error}`));
    routing.touchAll();
  });
  await cache.watch([...ruleKinds, ...metricKinds]);
  hasPicture = true;
  Object.assign(live, { world, pods });
  live.nodes = nodeDriverOf({ client, cache, kubeletPort: kubelet.port, kubeletVersion, onAliveChange: routing.touchNode, onError });
  runStorage(client, cache, onError);
  await createDefaultNodes(client);
  await registerMetricsApi(client, kubelet.port);
  await crds;
  const running = await runOperators({ client, world, operators, onError });
  routing.touchAll();
  const metrics = await startMetricsServer(world);

  return {
    metricsUrl: metrics.url,
    cache,
    world,
    async stop() {
      isStopped = true;
      live.nodes?.stop();
      routing.stop();
      access.stop();
      await Promise.all([pods.stop(), running.stop()]);
      await Promise.all([cache.stop(), kubelet.stop(), metrics.stop()]);
      client.close();
    },
  };
}
