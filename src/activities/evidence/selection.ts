import type { KubeObject } from '../../domain/kube.js';
import type { Detail } from './trim.js';

/** Objects chosen as evidence, each once, in the order they were found; the closer the relation, the earlier. */
export interface Selection {
  add(objects: Iterable<KubeObject | undefined>, detail?: Detail): void;
  has(o: KubeObject): boolean;
  list(): { object: KubeObject; detail: Detail }[];
  /** At most this many of a kind from one rule; says what was left out. */
  addSome(what: string, objects: readonly KubeObject[], limit: number, detail?: Detail): void;
  readonly leftOut: { what: string; why: string }[];
}

const keyOf = (o: KubeObject): string => o.metadata.uid ?? `${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`;

export function newSelection(): Selection {
  const chosen = new Map<string, { object: KubeObject; detail: Detail }>();
  const leftOut: { what: string; why: string }[] = [];
  const add: Selection['add'] = (objects, detail = 'trimmed') => {
    for (const object of objects) if (object && !chosen.has(keyOf(object))) chosen.set(keyOf(object), { object, detail });
  };
  return {
    add,
    has: (o) => chosen.has(keyOf(o)),
    list: () => [...chosen.values()],
    addSome(what, objects, limit, detail) {
      add(objects.slice(0, limit), detail);
      if (objects.length > limit) leftOut.push({ what, why: `${objects.length - limit} of ${objects.length} left out for size` });
    },
    leftOut,
  };
}
