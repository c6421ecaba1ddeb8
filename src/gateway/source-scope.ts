import type { SignalResult } from '../contracts/api.js';
import type { Signal } from '../domain/signal.js';
import { namespaceOf } from '../domain/target.js';
import type { Identity } from './identity.js';
import type { OpenSource } from './open-sources.js';

/** Empty lists are no limits. */
interface Limits extends Pick<OpenSource, 'path' | 'clusters' | 'namespaces'> {
  /** Where somebody would widen them; default: the keys under `path`. */
  where?: Readonly<Record<'clusters' | 'namespaces', string>>;
}

/** A token narrows what its source may speak of; the door has refused those whose lists are empty. */
export const limitsOfToken = ({ clusters = [], namespaces = [], claims }: Identity): Limits => ({
  path: 'gateway.jwt.claims', clusters, namespaces, where: { clusters: `the claim ${claims.clusters} of the token`, namespaces: `the claim ${claims.namespaces} of the token` },
});

/**
 * What the sender may speak of, or what is said of it if not. `gateway.namespaces` says which namespaces are served at all;
 * a source may be narrower, and then speaks of objects inside its namespaces alone: a node beside a pod, which only says
 * where the pod was, is left out.
 */
export function withinScope(signal: Signal, limits: Limits, served: readonly string[]): { own: Signal; foreign?: undefined } | { own?: undefined; foreign: SignalResult } {
  const reason = whyForeign(signal, limits, served);
  if (reason !== undefined) return { foreign: { fingerprint: signal.fingerprint, outcome: 'rejected', reason } };
  return { own: limits.namespaces.length === 0 ? signal : { ...signal, hints: signal.hints.filter((h) => namespaceOf(h) !== undefined) } };
}

function whyForeign({ cluster, hints }: Signal, { clusters, namespaces, path, where = { clusters: `${path}.clusters`, namespaces: `${path}.namespaces` } }: Limits, served: readonly string[]): string | undefined {
  if (clusters.length > 0 && !clusters.includes(cluster)) return `this source may not speak of cluster ${cluster.slice(0, 253)}; add it to ${where.clusters}`;
  const unserved = hints.map(namespaceOf).find((space) => space !== undefined && served.length > 0 && !served.includes(space));
  if (unserved !== undefined) return `namespace ${unserved} is not served here; add it to gateway.namespaces`;
  if (namespaces.length === 0) return undefined;
  const spaces = hints.map(namespaceOf).filter((space) => space !== undefined);
  const other = spaces.find((space) => !namespaces.includes(space));
  if (other !== undefined) return `this source may not speak of namespace ${other}; add it to ${where.namespaces}`;
  if (hints.length > 0 && spaces.length === 0) return `this source may not speak of ${hints[0]!.kind} ${hints[0]!.name}, which is in no namespace (${where.namespaces})`;
  return undefined;
}
