import { ListWatch, Watch, type KubernetesListObject, type KubernetesObject } from '@kubernetes/client-node';
import type { KubeClient } from './kube-client.js';
import type { Kind, KindMap } from './kube-types.js';
import { collectionPath } from './resource-paths.js';
import type { ClusterView } from './world.js';

export type Change = 'add' | 'update' | 'delete';
type Listener<K extends Kind> = (change: Change, object: KindMap[K]) => void;

export interface ClusterCache extends ClusterView {
  on<K extends Kind>(kind: K, listener: Listener<K>): void;
  /** Starts watching kinds not watched yet; resolves once each was listed. */
  watch(kinds: readonly Kind[]): Promise<void>;
  /** Puts the answer of an own write in at once, so that the next look does not see the past. */
  learn<K extends Kind>(kind: K, object: KindMap[K]): void;
  stop(): Promise<void>;
}

export interface Stored {
  metadata: { name: string; namespace?: string; uid: string; resourceVersion?: string };
}
export type Store = Map<string, Map<string, Stored>>;

const restartAfterMs = 500;

/** Versions of one server only grow; an older answer must not overwrite a newer one. */
const isNewer = (object: Stored, known: Stored | undefined): boolean =>
  known === undefined || known.metadata.uid !== object.metadata.uid || Number(object.metadata.resourceVersion ?? 0) > Number(known.metadata.resourceVersion ?? 0);

function put(store: Store, object: Stored): boolean {
  const namespace = object.metadata.namespace ?? '';
  let objects = store.get(namespace);
  if (!objects) store.set(namespace, (objects = new Map()));
  if (!isNewer(object, objects.get(object.metadata.name))) return false;
  objects.set(object.metadata.name, object);
  return true;
}

/** A deletion of an object that was replaced meanwhile is old news. */
function drop(store: Store, object: Stored): boolean {
  const objects = store.get(object.metadata.namespace ?? '');
  if (objects?.get(object.metadata.name)?.metadata.uid !== object.metadata.uid) return false;
  objects.delete(object.metadata.name);
  return true;
}

export interface Running {
  informer: ListWatch<KubernetesObject>;
  listed: Promise<void>;
}

export interface InformerDeps {
  client: KubeClient;
  watch: Watch;
  store: Store;
  isStopped(): boolean;
  tell(change: Change, object: Stored): void;
}

/** Lists and follows one collection, whatever its kind. */
export function startInformer(path: string, { client, watch, store, isStopped, tell }: InformerDeps): Running {
  let hasListed: () => void = () => undefined;
  const listed = new Promise<void>((resolve) => (hasListed = resolve));
  const list = async (): Promise<KubernetesListObject<KubernetesObject>> => {
    const found = await client.request<KubernetesListObject<KubernetesObject>>('GET', path);
    // the informer hands the items over right after this promise settles
    setImmediate(hasListed);
    return found;
  };
  const informer = new ListWatch<KubernetesObject>(path, watch, list, false);
  const arrived = (change: Change) => (object: KubernetesObject): void => {
    if (put(store, object as Stored)) tell(change, object as Stored);
  };
  informer.on('add', arrived('add'));
  informer.on('update', arrived('update'));
  informer.on('delete', (object) => {
    if (drop(store, object as Stored)) tell('delete', object as Stored);
  });
  informer.on('error', () => {
    setTimeout(() => void (isStopped() || informer.start()), restartAfterMs).unref();
  });
  void informer.start();
  return { informer, listed };
}

/** Watch caches over client-node's informers, indexed by namespace; an informer that fails is started again. */
export function clusterCacheOf(client: KubeClient): ClusterCache {
  const stores = new Map<Kind, Store>();
  const listeners = new Map<Kind, Listener<Kind>[]>();
  const running = new Map<Kind, Running>();
  const watch = new Watch(client.config);
  let isStopped = false;

  const storeOf = (kind: Kind): Store => {
    let store = stores.get(kind);
    if (!store) stores.set(kind, (store = new Map()));
    return store;
  };
  const tell = (kind: Kind, change: Change, object: Stored): void => {
    for (const listener of listeners.get(kind) ?? []) listener(change, object as KindMap[Kind]);
  };
  const start = (kind: Kind): Running =>
    startInformer(collectionPath(kind), { client, watch, store: storeOf(kind), isStopped: () => isStopped, tell: (change, object) => tell(kind, change, object) });

  return {
    get: <K extends Kind>(kind: K, namespace: string | undefined, name: string) => stores.get(kind)?.get(namespace ?? '')?.get(name) as KindMap[K] | undefined,
    list: <K extends Kind>(kind: K, namespace?: string) => {
      const store = stores.get(kind);
      if (!store) return [];
      const found = namespace === undefined ? [...store.values()].flatMap((objects) => [...objects.values()]) : [...(store.get(namespace)?.values() ?? [])];
      return found as unknown as KindMap[K][];
    },
    on: (kind, listener) => {
      listeners.set(kind, [...(listeners.get(kind) ?? []), listener as unknown as Listener<Kind>]);
    },
    async watch(kinds) {
      for (const kind of kinds) if (!running.has(kind)) running.set(kind, start(kind));
      await Promise.all(kinds.map((kind) => running.get(kind)?.listed));
    },
    learn: (kind, object) => {
      const isKnown = stores.get(kind)?.get(object.metadata.namespace ?? '')?.has(object.metadata.name) ?? false;
      // the watch will bring the same version and be ignored, so listeners hear of it here
      if (isKnown && put(storeOf(kind), object)) tell(kind, 'update', object);
    },
    async stop() {
      isStopped = true;
      await Promise.all([...running.values()].map(({ informer }) => informer.stop()));
    },
  };
}
