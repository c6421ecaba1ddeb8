import { KubernautError } from './errors.js';

export interface Registry<T extends { id: string }> {
  readonly kind: string;
  readonly ids: readonly T['id'][];
  readonly members: readonly T[];
  has(id: string): id is T['id'];
  /** Throws `NotFound` naming the known ids; never falls back to a default. */
  get(id: string): T;
}

/** A closed catalogue: throws at start-up on a duplicate id. */
export function registryOf<const T extends { id: string }>(kind: string, members: readonly T[]): Registry<T> {
  const byId = new Map<string, T>();
  for (const member of members) {
    if (byId.has(member.id)) throw new KubernautError('Internal', `two ${kind}s are called ${member.id}; rename one`);
    byId.set(member.id, member);
  }
  const ids = [...byId.keys()];
  return {
    kind,
    ids,
    members,
    has: (id): id is T['id'] => byId.has(id),
    get(id) {
      const member = byId.get(id);
      if (!member) throw new KubernautError('NotFound', `there is no ${kind} ${id}; known: ${ids.join(', ')}`);
      return member;
    },
  };
}
