import { causesOf } from '../domain/causes.js';
import { durationMs } from '../domain/duration.js';
import type { RemediationStanding } from '../domain/ports.js';
import type { Signal } from '../domain/signal.js';
import { describeTarget, workflowIdOf, type Target } from '../domain/target.js';
import type { GatewayDeps } from './deps.js';
import { grouped } from './grouped.js';

export interface Root {
  workflowId: string;
  why: string;
  /** RFC 3339: so long it waits for the root. */
  until: string;
}

export interface Hold {
  ms: number;
  until: string;
  reason: string;
}

export function holdFrom(atMs: number, ms: number, reasonOf: (until: string) => string): Hold {
  const until = new Date(atMs + ms).toISOString();
  return { ms, until, reason: reasonOf(until) };
}

/** What is known around the target of a new signal. Neither: it starts or joins its own remediation now. */
export interface Surroundings {
  root?: Root;
  hold?: Hold;
  /** Nothing is open for the target itself. */
  isFree: boolean;
}

type Deps = Pick<GatewayDeps, 'store' | 'config' | 'cluster' | 'world' | 'now'>;

const HELPED = ['fixed', 'improved'];

/** Finds out what is around the target, then acts on it. */
export type WithSurroundings = <T>(signal: Signal, target: Target, act: (surroundings: Surroundings) => Promise<T>) => Promise<T>;

/**
 * Is it a symptom of something that is being remediated, or the afterglow of something that just was? From the store alone,
 * so that restarts and other gateways change nothing; one statement for all signals that come at the same moment. What
 * arrived before it and may be its root is waited for: in one delivery the most urgent comes first.
 */
export function createCorrelation({ store, config, cluster, world, now = () => new Date().toISOString() }: Deps): WithSurroundings {
  const [windowMs, patienceMs, decayMs] = [config.correlation.window, config.correlation.patience, config.correlation.decay].map(durationMs) as [number, number, number];
  const standingOf = grouped<string, RemediationStanding | undefined>((ids) => store.standingOf(ids));
  const arriving = new Map<string, Promise<unknown>>();

  const candidatesOf = (signal: Signal, target: Target): Candidate[] =>
    windowMs === 0 || signal.isOwn || !world || signal.cluster !== cluster
      ? []
      : causesOf(target, world()).map(({ objects, why }) => ({ ids: objects.map((o) => workflowIdOf({ ...o, cluster })), about: objects[0]!, why }));

  async function look(signal: Signal, ownId: string, candidates: readonly Candidate[]): Promise<Surroundings> {
    const ids = [...new Set([ownId, ...candidates.flatMap((c) => c.ids)])];
    const found = await standingOf(ids);
    const known = new Map(ids.map((id, i) => [id, found[i]]));
    const own = known.get(ownId);
    if (own?.isOpen) return { isFree: false };
    const atMs = Date.parse(now());
    const isNew = (id: string): boolean => known.get(id)?.isOpen === true && atMs - Date.parse(known.get(id)!.startedAt) <= windowMs;
    const root = candidates.find((c) => c.ids.every(isNew));
    if (root) return { isFree: true, root: rootOf(root.ids[0]!, `probably a symptom of ${describeTarget(root.about)}: ${root.why}`, atMs + patienceMs) };
    return { isFree: true, ...afterglow(signal, own, { atMs, decayMs }) };
  }

  return async (signal, target, act) => {
    const ownId = workflowIdOf(target);
    const candidates = candidatesOf(signal, target);
    const earlier = candidates.flatMap((c) => c.ids).flatMap((id) => arriving.get(id) ?? []);
    const done = Promise.allSettled(earlier).then(async () => act(await look(signal, ownId, candidates)));
    arriving.set(ownId, done);
    try {
      return await done;
    } finally {
      if (arriving.get(ownId) === done) arriving.delete(ownId);
    }
  };
}

interface Candidate {
  ids: string[];
  about: Pick<Target, 'kind' | 'namespace' | 'name'>;
  why: string;
}

function rootOf(workflowId: string, why: string, untilMs: number): Root {
  const until = new Date(untilMs).toISOString();
  return { workflowId, until, why: `${why}; on its own from ${until} if it fires then` };
}

function afterglow({ alert }: Signal, own: RemediationStanding | undefined, { atMs, decayMs }: { atMs: number; decayMs: number }): Pick<Surroundings, 'hold'> {
  if (!own?.closedAt || !HELPED.includes(own.outcome ?? '') || !own.alerts.includes(alert)) return {};
  const ms = Date.parse(own.closedAt) + decayMs - atMs;
  if (ms <= 0) return {};
  return { hold: holdFrom(atMs, ms, (until) => `${own.id} ended ${own.outcome} a moment ago and its alert may fire on for a while; looked at from ${until} if it fires then`) };
}
