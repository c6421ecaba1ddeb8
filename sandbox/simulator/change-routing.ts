import type { ClusterCache } from './cluster-cache.js';
import type { Kind, NetworkPolicy, Pod } from './kube-types.js';
import { destinationOf } from './reachability.js';
import type { World } from './world.js';

/** Which pods a change can matter to; everything else is left alone, so that hundreds of pods cost nothing at rest. */
export interface ChangeRouting {
  touchAll(): void;
  touchNamespace(namespace: string): void;
  touchNode(name: string): void;
  stop(): void;
}

const dependentsAfterMs = 100;

/** Namespaces a pod's images depend on. */
function dependencyNamespaces(pod: Pod, world: World): string[] {
  const namespace = pod.metadata.namespace ?? 'default';
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].flatMap((container) =>
    world.images.entryOf(container.image, namespace).dependsOn.map((address) => destinationOf(address, namespace).namespace),
  );
}

export function routeChanges(cache: ClusterCache, world: World, touch: (namespace: string, name: string) => void): ChangeRouting {
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const touchPods = (pods: Pod[]): void => {
    for (const { metadata } of pods) touch(metadata.namespace ?? 'default', metadata.name);
  };
  /** Dependents of a namespace are looked at a little later, all at once: a rollout changes many pods in a row. */
  const touchDependents = (namespace: string): void => {
    waiting.add(namespace);
    timer ??= setTimeout(() => {
      timer = undefined;
      const changed = new Set(waiting);
      waiting.clear();
      touchPods(cache.list('Pod').filter((pod) => dependencyNamespaces(pod, world).some((one) => changed.has(one))));
    }, dependentsAfterMs);
  };
  const onNamespaced = (kind: Kind, react: (namespace: string) => void): void =>
    cache.on(kind, (_change, object) => react(object.metadata.namespace ?? 'default'));

  cache.on('Pod', (_change, pod) => {
    const namespace = pod.metadata.namespace ?? 'default';
    touch(namespace, pod.metadata.name);
    touchDependents(namespace);
  });
  const touchNode = (name: string): void => touchPods(cache.list('Pod').filter((pod) => pod.spec.nodeName === name));
  cache.on('Node', (_change, node) => touchNode(node.metadata.name));
  const touchNamespace = (namespace: string): void => touchPods(cache.list('Pod', namespace));
  for (const kind of ['ConfigMap', 'Secret', 'PersistentVolumeClaim'] as const) onNamespaced(kind, touchNamespace);
  onNamespaced('Service', touchDependents);
  onNamespaced('EndpointSlice', touchDependents);
  cache.on('NetworkPolicy', (_change, policy: NetworkPolicy) => {
    const namespace = policy.metadata.namespace ?? 'default';
    touchNamespace(namespace);
    touchDependents(namespace);
  });
  cache.on('Namespace', (change, namespace) => {
    if (change === 'update') touchDependents(namespace.metadata.name);
  });

  return {
    touchAll: () => touchPods(cache.list('Pod')),
    touchNamespace,
    touchNode,
    stop: () => clearTimeout(timer),
  };
}
