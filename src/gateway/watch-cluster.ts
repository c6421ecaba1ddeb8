import type { Logger } from '../adapters/telemetry/logger.js';
import type { World } from '../domain/kube.js';
import type { Store } from '../domain/ports.js';
import type { Signal } from '../domain/signal.js';
import { signalsIn } from '../sources/kubernetes.js';
import { againAndAgain, type Repeated } from './again-and-again.js';
import type { Intake } from './intake.js';

const EVERY_MS = 2_000;
/** Others may have reported or ended something. */
const OPEN_FRESH_MS = 30_000;
/** What led to nothing is said again, as AlertManager does: rules may have changed. */
const REPEAT_MS = 5 * 60_000;

export interface WatchedCluster {
  cluster: string;
  world(): World;
  /** False while watches are behind: what is not seen then is not gone. */
  isInStep(): boolean;
  /** Empty: all. */
  namespaces: readonly string[];
}

export interface ClusterWatch extends Repeated {
  /** Compares once what is wrong with what was reported. Throws what the intake throws. */
  look(): Promise<void>;
}

interface Open {
  /** As it was reported first: its start names the occurrence from then on. */
  signal: Signal;
  hasRemediation: boolean;
  saidAtMs: number;
}

interface Parts {
  store: Pick<Store, 'openSignals' | 'signalsOf'>;
  intake: Pick<Intake, 'accept'>;
  logger: Pick<Logger, 'warn'>;
  now?: () => string;
  everyMs?: number;
}

/**
 * Reports what the objects of a cluster say is wrong, and its end. What was reported is known from the store alone, so that a
 * restart or a second replica says nothing twice: an occurrence keeps the start it was first reported with.
 */
export function watchCluster(watched: WatchedCluster, { store, intake, logger, now = () => new Date().toISOString(), everyMs = EVERY_MS }: Parts): ClusterWatch {
  let open: Map<string, Open[]> | undefined;
  let openedAtMs = 0;

  async function look(): Promise<void> {
    if (!watched.isInStep()) return;
    const at = now();
    const atMs = Date.parse(at);
    if (!open || atMs - openedAtMs > OPEN_FRESH_MS) {
      open = await openOf(store, watched.cluster);
      openedAtMs = atMs;
    }
    const wrong = signalsIn(watched.world(), { cluster: watched.cluster, receivedAt: at }).filter((s) => isServed(s, watched.namespaces));
    const ended = over(wrong, open, at);
    const back = unsaid(wrong, open, atMs);
    if (ended.length + back.length === 0) return;
    // Forgotten before it is said: when saying fails half way, the store knows which half.
    open = undefined;
    await intake.accept([...ended, ...(await Promise.all(back.map(sinceItsLastEnd)))]);
  }

  /** What was over and is back with the same start (an Event that is counted on, a claim that waits again) is another occurrence: it starts when the last one ended. */
  async function sinceItsLastEnd(signal: Signal): Promise<Signal> {
    const rows = await store.signalsOf(signal.fingerprint);
    const ends = rows.filter((r) => r.signal.status === 'resolved' && r.signal.cluster === signal.cluster && r.signal.startsAt >= signal.startsAt);
    const last = ends.map((r) => r.signal.endsAt ?? r.at).sort().at(-1);
    return last === undefined ? signal : { ...signal, startsAt: last };
  }

  const onError = (error: unknown): void => logger.warn({ err: error, cluster: watched.cluster }, 'what is wrong in the cluster could not be reported; tried again in a moment');
  return { look, ...againAndAgain(look, { everyMs, onError }) };
}

async function openOf(store: Parts['store'], cluster: string): Promise<Map<string, Open[]>> {
  const open = new Map<string, Open[]>();
  for (const { signal, remediationId, at } of await store.openSignals('kubernetes', cluster)) {
    open.set(signal.fingerprint, [...(open.get(signal.fingerprint) ?? []), { signal, hasRemediation: remediationId !== undefined, saidAtMs: Date.parse(at) }]);
  }
  return open;
}

/** New trouble, and old trouble that led to nothing so far, under the start it was first reported with. */
const unsaid = (wrong: readonly Signal[], open: ReadonlyMap<string, Open[]>, atMs: number): Signal[] =>
  wrong.flatMap((signal) => {
    const known = open.get(signal.fingerprint)?.[0];
    if (!known) return [signal];
    return known.hasRemediation || atMs - known.saidAtMs < REPEAT_MS ? [] : [{ ...signal, startsAt: known.signal.startsAt }];
  });

function over(wrong: readonly Signal[], open: ReadonlyMap<string, Open[]>, at: string): Signal[] {
  const still = new Set(wrong.map((s) => s.fingerprint));
  return [...open.values()].flat().filter(({ signal }) => !still.has(signal.fingerprint)).map(({ signal }) => ({ ...signal, status: 'resolved', endsAt: at, receivedAt: at }));
}

const isServed = ({ hints: [hint] }: Signal, namespaces: readonly string[]): boolean => namespaces.length === 0 || hint?.namespace === undefined || namespaces.includes(hint.namespace);
