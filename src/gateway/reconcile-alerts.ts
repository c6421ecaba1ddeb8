import type { AlertManager } from '../adapters/alertmanager/client.js';
import type { Logger } from '../adapters/telemetry/logger.js';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import type { SignalResult } from '../contracts/api.js';
import { compareAlerts, type PeerAnswer } from '../domain/alert-reconciliation.js';
import { isKubernautError } from '../domain/errors.js';
import type { Store } from '../domain/ports.js';
import type { Signal } from '../domain/signal.js';
import { askAlertManager, type Asking } from './alertmanager-answers.js';
import type { Intake } from './intake.js';

/** Longer than peers need to hear of an end one after the other; what one of them lists so long after its end fires again. */
const ENDED_MS = 10 * 60_000;

export interface AlertReconciliation {
  /**
   * Asks every AlertManager and hands over the difference; says whether all of them answered. Throws what the intake and the
   * store throw: what was handed over by then is recognised when it is tried again.
   */
  reconcile(options?: { takesOnly?: boolean }): Promise<{ isAnswered: boolean }>;
  /** Who could not be asked the last time. Names no address: strangers read it too. */
  issues(): string[];
}

export interface Reconciled extends Omit<Asking, 'context'> {
  peers: readonly AlertManager[];
  /** What its alerts may be about: ours, and others by their label. */
  cluster: string;
  clusters: readonly string[];
  /** Whose alerts it is asked about all of. What other clusters' own AlertManagers send is none of its knowledge. */
  covers: readonly string[];
  resolvesGone: boolean;
}

interface Parts {
  store: Pick<Store, 'openSignals' | 'signalsOf' | 'findSignal'>;
  intake: Pick<Intake, 'accept'>;
  logger: Pick<Logger, 'info' | 'warn'>;
  metrics: Pick<Metrics, 'alertsReconciled' | 'dependencyStatus'>;
  now?: () => string;
}

export function reconcileAlerts(what: Reconciled, { store, intake, logger, metrics, now = () => new Date().toISOString() }: Parts): AlertReconciliation {
  let problems: (string | undefined)[] = [];

  async function ask(askedAt: string): Promise<PeerAnswer[]> {
    const context = { cluster: what.cluster, clusters: what.clusters, receivedAt: askedAt, settings: {} };
    const before = problems;
    const after: typeof problems = [];
    const answers = await Promise.all(what.peers.map(async (peer, i) => {
      try {
        return await askAlertManager(peer, { ...what, context });
      } catch (error) {
        after[i] = whyOf(error);
        // Said when it begins: an outage of an hour is one line, not a hundred.
        if (before[i] === undefined) logger.warn({ err: error, url: peer.url }, 'AlertManager cannot be asked; its webhooks are taken as before');
        return undefined;
      }
    }));
    problems = after;
    metrics.dependencyStatus.set({ dependency: 'alertmanager' }, answers.includes(undefined) ? 0 : 1);
    return answers;
  }

  /** The end of it came a moment ago, from one who knew it first. Later than that it fires again, and the intake knows what that is. */
  async function hasJustEnded(signal: Signal, askedAt: string): Promise<boolean> {
    const { cluster, fingerprint, startsAt } = signal;
    if (!(await store.findSignal({ cluster, fingerprint, startsAt, status: 'resolved' }))) return false;
    const ends = (await store.signalsOf(fingerprint)).filter((r) => r.signal.status === 'resolved' && r.signal.cluster === cluster);
    return ends.some((r) => Date.parse(r.at) > Date.parse(askedAt) - ENDED_MS);
  }

  async function without(signals: readonly Signal[], askedAt: string): Promise<Signal[]> {
    const wanted: Signal[] = [];
    for (const signal of signals) if (!(await hasJustEnded(signal, askedAt))) wanted.push(signal);
    return wanted;
  }

  function tell(taken: readonly SignalResult[], resolved: readonly SignalResult[], open: number): void {
    const counts = { taken: count(taken, 'started', 'joined'), suppressed: count(taken, 'suppressed'), resolved: count(resolved, 'joined', 'suppressed') };
    metrics.alertsReconciled.inc({ change: 'taken' }, counts.taken);
    metrics.alertsReconciled.inc({ change: 'resolved' }, counts.resolved);
    if (counts.taken + counts.suppressed + counts.resolved > 0) logger.info({ ...counts, open }, 'compared with AlertManager: what was missed is taken, what is gone there is resolved');
  }

  return {
    async reconcile({ takesOnly = false } = {}) {
      const askedAt = now();
      const answers = await ask(askedAt);
      const isAnswered = !answers.includes(undefined);
      if (answers.every((a) => a === undefined)) return { isAnswered };
      // After the answers: what came in between is known here, and too young to be taken for gone.
      const clusters = [...new Set([...what.covers, ...answers.flatMap((a) => a?.alerts ?? []).map((a) => a.signal.cluster)])];
      const rows = (await Promise.all(clusters.map((c) => store.openSignals('alertmanager', c)))).flat();
      const { take, resolve } = compareAlerts({ answers, open: rows.map((r) => r.signal), askedAt, takesOnly: takesOnly || !what.resolvesGone });
      const taken = await intake.accept(await without(take, askedAt));
      const resolved = await intake.accept(resolve.filter((s) => what.covers.includes(s.cluster)));
      tell(taken, resolved, rows.length);
      return { isAnswered };
    },
    issues: () => problems.flatMap((why, i) => (why === undefined ? [] : [`AlertManager${what.peers.length > 1 ? ` ${i + 1} of ${what.peers.length}` : ''} cannot be asked what fires: ${why}; its webhooks are taken, and nothing is resolved by comparing (sources.alertmanager.url, the log names it)`])),
  };
}

const whyOf = (error: unknown): string => (isKubernautError(error) && typeof error.details.why === 'string' ? error.details.why : 'an error of ours, which the log tells');

const count = (results: readonly SignalResult[], ...outcomes: SignalResult['outcome'][]): number => results.filter((r) => outcomes.includes(r.outcome)).length;
