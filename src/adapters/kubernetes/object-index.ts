import { controllerOf, type KubeObject, type World } from '../../domain/kube.js';

/** A `World` that is kept up to date instead of rebuilt: every lookup reads the live maps. */
export interface ObjectIndex extends World {
  put(object: KubeObject): void;
  remove(object: KubeObject): void;
  /** Events about one object, in no order. */
  eventsAbout(object: { kind: string; namespace?: string; name: string }): KubeObject[];
  readonly size: number;
}

type Shelf = Map<string, KubeObject>;

const EMPTY: ReadonlyMap<string, KubeObject> = new Map();
const MAX_OWNERS = 10;

/** `events.k8s.io` calls it regarding; the core view of the same object involvedObject. */
const aboutOf = (event: KubeObject): string | undefined => {
  const about = event.involvedObject ?? event.regarding;
  return about?.kind ? shelfKey(about) : undefined;
};

const shelfKey = (o: { kind: string; namespace?: string; name: string }): string => `${o.kind}/${o.namespace ?? ''}/${o.name}`;

export function objectIndex(): ObjectIndex {
  const byKind = new Map<string, Map<string, Shelf>>();
  const byUid: Shelf = new Map();
  const byOwner = shelves();
  const byAbout = shelves();

  const at = (kind: string, namespace: string, name: string) => byKind.get(kind)?.get(namespace)?.get(name);

  function unlink(o: KubeObject): void {
    const uid = o.metadata.uid ?? '';
    byUid.delete(uid);
    byOwner.take(controllerOf(o)?.uid, uid);
    if (o.kind === 'Event') byAbout.take(aboutOf(o), uid);
  }

  function put(o: KubeObject): void {
    const { namespace = '', name, uid = '' } = o.metadata;
    const old = at(o.kind, namespace, name);
    if (old) unlink(old);
    entry(entry(byKind, o.kind), namespace).set(name, o);
    byUid.set(uid, o);
    byOwner.put(controllerOf(o)?.uid, uid, o);
    if (o.kind === 'Event') byAbout.put(aboutOf(o), uid, o);
  }

  function remove(o: KubeObject): void {
    const { namespace = '', name } = o.metadata;
    const old = at(o.kind, namespace, name);
    // a late DELETED of an object whose successor of the same name is already here
    if (!old || old.metadata.uid !== o.metadata.uid) return;
    unlink(old);
    const names = byKind.get(o.kind)!.get(namespace)!;
    names.delete(name);
    if (names.size === 0) byKind.get(o.kind)!.delete(namespace);
  }

  return {
    put,
    remove,
    get: (kind, namespace, name) => at(kind, namespace ?? '', name),
    byUid: (uid) => byUid.get(uid),
    list: (kind, namespace) => {
      const shelves = byKind.get(kind);
      if (namespace !== undefined) return [...(shelves?.get(namespace) ?? EMPTY).values()];
      return [...(shelves?.values() ?? [])].flatMap((names) => [...names.values()]);
    },
    ownedBy: (uid) => byOwner.on(uid),
    topOwnerOf: (o) => topOwner(byUid, o),
    eventsAbout: (object) => byAbout.on(shelfKey(object)),
    get objects() {
      return [...byUid.values()];
    },
    get size() {
      return byUid.size;
    },
  };
}

function topOwner(byUid: ReadonlyMap<string, KubeObject>, o: KubeObject): KubeObject {
  let top = o;
  for (let i = 0; i < MAX_OWNERS; i++) {
    const owner = controllerOf(top);
    // a static pod's controller is its node, which is not what one would act on
    const parent = owner && owner.kind !== 'Node' ? byUid.get(owner.uid) : undefined;
    if (!parent) return top;
    top = parent;
  }
  return top;
}

function entry<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let inner = map.get(key);
  if (!inner) map.set(key, (inner = new Map()));
  return inner;
}

/** key → (uid → object), without empty shelves. */
function shelves() {
  const map = new Map<string, Shelf>();
  return {
    on: (key: string): KubeObject[] => [...(map.get(key) ?? EMPTY).values()],
    put(key: string | undefined, uid: string, o: KubeObject) {
      if (key) entry(map, key).set(uid, o);
    },
    take(key: string | undefined, uid: string) {
      const shelf = key ? map.get(key) : undefined;
      if (!shelf?.delete(uid) || shelf.size > 0) return;
      map.delete(key!);
    },
  };
}
