import type { FastifyRequest } from 'fastify';
import type { Right } from '../config/jwt-schema.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { Store } from '../domain/ports.js';
import type { Signal } from '../domain/signal.js';
import { namespaceOf } from '../domain/target.js';

export type { Right };

/** Who shows a token of the identity provider, and what it covers. A list that is absent narrows nothing, an empty one covers nothing. */
export interface Identity {
  /** The claim `sub`: whose share of the rate limit it is. */
  subject: string;
  /** What goes into the record. */
  name: string;
  rights: ReadonlySet<Right>;
  /** The words of the claim of roles, known to gateway.jwt.roles or not: what policy.approvers may list as `group:<word>`. */
  groups: readonly string[];
  clusters?: readonly string[];
  namespaces?: readonly string[];
  sources?: readonly string[];
  /** Names of the claims, for messages. */
  claims: Readonly<Record<'role' | 'clusters' | 'namespaces' | 'sources', string>>;
}

/** Who decides: nobody with a token of their own can decide in the name of somebody else. */
export const actorOf = ({ identity }: Pick<FastifyRequest, 'identity'>, given?: string): string => identity?.name ?? given ?? 'api';

/** Throws `NotAllowed` unless one of these may be done with this token. */
export function requireRight(identity: Identity, ...rights: readonly Right[]): void {
  if (!rights.some((r) => identity.rights.has(r))) {
    throw new KubernautError('NotAllowed', `this token may not ${WORDS[rights[0]!]}; give it a role (claim ${identity.claims.role}) that gateway.jwt.roles knows as ${rights.join(' or ')}`);
  }
  for (const list of ['clusters', 'namespaces', 'sources'] as const) {
    if (identity[list]?.length === 0) throw new KubernautError('NotAllowed', `this token covers no ${list}; its claim ${identity.claims[list]} must name some, or "*" for all`);
  }
}

const WORDS: Readonly<Record<Right, string>> = { send: 'send signals', read: 'read here', decide: 'decide here' };

/** Throws `NotAllowed` unless it may send as this source (`grafana`, `custom/pager`). */
export function requireSender(identity: Identity, source: string): void {
  requireRight(identity, 'send');
  if (identity.sources !== undefined && !identity.sources.includes(source)) {
    throw new KubernautError('NotAllowed', `this token may not send as ${source}; add it to its claim ${identity.claims.sources}`);
  }
}

interface Place {
  cluster?: string;
  namespace?: string;
}

/** What is in no namespace is covered only by who is not bound to namespaces. */
export const covers = (identity: Identity | undefined, { cluster, namespace }: Place): boolean =>
  isIn(identity?.clusters, cluster) && isIn(identity?.namespaces, namespace);

/** Everything that a signal names. */
export const coversAllOf = (identity: Identity | undefined, { cluster, hints }: Pick<Signal, 'cluster' | 'hints'>): boolean =>
  hints.every((h) => covers(identity, { cluster, namespace: namespaceOf(h) }));

const isIn = (list: readonly string[] | undefined, name: string | undefined): boolean => list === undefined || (name !== undefined && list.includes(name));

const isNarrow = (identity: Identity | undefined): identity is Identity => identity?.clusters !== undefined || identity?.namespaces !== undefined;

/**
 * The store as far as this identity covers it: of anything else it is said that it does not exist. Pages may hold less than
 * their limit.
 */
export function storeFor(store: Store, identity: Identity | undefined): Store {
  if (!isNarrow(identity)) return store;
  const isSeen = ({ cluster, target }: { cluster: string; target: { namespace?: string; kind: string; name: string } }) => covers(identity, { cluster, namespace: namespaceOf(target) });
  return {
    ...store,
    getRemediation: async (id) => {
      const found = await store.getRemediation(id).catch((error: unknown) => {
        // How many others there are is not theirs to know.
        throw isKubernautError(error, 'Conflict') ? noSuch(id) : error;
      });
      if (!isSeen(found)) throw noSuch(id);
      return found;
    },
    listRemediations: async (filter) => {
      const { items, ...more } = await store.listRemediations(filter);
      return { items: items.filter(isSeen), ...more };
    },
    signalsOf: async (fingerprint) => {
      const rows = await store.signalsOf(fingerprint);
      return rows.filter(({ signal }) => signal.hints.length > 0 && coversAllOf(identity, signal));
    },
  };
}

const noSuch = (id: string): KubernautError => new KubernautError('NotFound', `there is no remediation ${id.slice(0, 300)} that this token covers; see: kubernaut list`);

/** Throws `NotAllowed` unless all of a pause is covered. */
export function requireCovered(identity: Identity | undefined, place: Place): void {
  if (covers(identity, place)) return;
  throw new KubernautError('NotAllowed', `this token covers less than that; name a cluster and a namespace out of its claims ${identity!.claims.clusters} and ${identity!.claims.namespaces}`);
}
