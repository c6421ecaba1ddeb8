import type { SignalResult } from '../contracts/api.js';
import { durationMs } from '../domain/duration.js';
import type { Judgement } from '../domain/filter.js';
import type { SignalRow } from '../domain/ports.js';
import { newsOf, priorityOf, SEVERITIES, type Signal } from '../domain/signal.js';
import { createAccept, resultOf, type Standing } from './accept.js';
import type { GatewayDeps } from './deps.js';
import type { Filters } from './filters.js';
import { createInbox } from './inbox.js';
import { createInOrder, createLimit, forEachLimited } from './in-order.js';
import { createKeepTrying } from './keep-trying.js';
import { createPatience } from './patience.js';

/** Of one batch at a time; the whole process is bounded by `gateway.maxConcurrent`. */
const BATCH_CONCURRENCY = 100;
/** In memory, of all batches together; what is refused beyond lies in the inbox as well. */
const MOST_WAITING = 20_000;

export interface Intake {
  /**
   * Takes all into the inbox and hands each to its workflow, the most urgent first; results in the order of the signals.
   * When that takes longer than `gateway.answerWithin` it goes on by itself: the answer says which are still in the inbox.
   * Throws StoreUnavailable when they could not be kept, TemporalUnavailable when one could not be handed over: the sender
   * repeats the whole batch and what went through already is recognised. What is in the inbox goes on even if it does not.
   */
  accept(signals: readonly Signal[]): Promise<SignalResult[]>;
  /** Goes on with what is in the inbox. How many found their way; throws when none did. */
  again(signals: readonly Signal[]): Promise<number>;
  /** Records signals that a source understood and has nothing to do for, with why: they reach neither filters nor workflows. */
  ignore(signals: readonly { signal: Signal; reason: string }[]): Promise<SignalResult[]>;
  close(): void;
}

export function createIntake(deps: GatewayDeps, filters: Filters): Intake {
  const { store, metrics, now = () => new Date().toISOString() } = deps;
  const { maxConcurrent, answerWithin } = deps.config.gateway;
  const limit = createLimit(maxConcurrent, MOST_WAITING);
  const patience = createPatience(durationMs(answerWithin));
  const underWay = new Set<string>();
  const after = createKeepTrying(deps.logger);
  const inOrder = createInOrder();
  const enter = createInbox(deps);
  const acceptOne = createAccept(deps, { filters, inOrder, after });

  async function measured(judgement: Judgement, standing: Standing): Promise<SignalResult> {
    const { cluster, fingerprint, severity } = judgement.signal;
    const key = newsOf(judgement.signal);
    underWay.add(key);
    const done = metrics.alertDuration.startTimer({ severity });
    metrics.activeAlerts.inc();
    try {
      const { result, why } = await limit(() => inOrder(`alert ${cluster}/${fingerprint}`, () => acceptOne(judgement, standing)));
      metrics.alertsProcessed.inc({ status: result.outcome, severity });
      if (result.outcome === 'suppressed' || result.outcome === 'duplicate') metrics.signalsSuppressed.inc({ reason: why });
      return result;
    } finally {
      underWay.delete(key);
      metrics.activeAlerts.dec();
      done();
    }
  }

  return {
    async accept(signals) {
      const results = new Array<SignalResult>(signals.length);
      const at = now();
      const judged = (await enter(signals)).map(({ signal, ...standing }) => ({ standing, judgement: filters.judge(signal, at) }));
      const order = judged.map((_, i) => i).sort((a, b) => byUrgency(judged[a]!.judgement.signal, judged[b]!.judgement.signal));
      const handingOver = forEachLimited(order, BATCH_CONCURRENCY, async (i) => {
        results[i] = await measured(judged[i]!.judgement, judged[i]!.standing);
      });
      await patience.wait(handingOver);
      return judged.map(({ judgement }, i) => results[i] ?? inInbox(judgement.signal));
    },
    async again(signals) {
      const at = now();
      // A long queue of our own is no reason to begin anew.
      const left = signals.filter((s) => !underWay.has(newsOf(s)));
      const each = await Promise.allSettled(left.map((s) => measured(filters.judge(s, at), { isRepeat: true })));
      const failed = each.filter((e) => e.status === 'rejected');
      if (failed.length > 0 && failed.length === each.length) throw failed[0]!.reason;
      return each.length - failed.length;
    },
    async ignore(signals) {
      const rows = signals.map(({ signal, reason }): SignalRow => ({ signal, outcome: 'suppressed', reason }));
      for (const row of rows) {
        await store.recordSignal(row);
        metrics.signalsSuppressed.inc({ reason: 'ignored' });
      }
      return rows.map(resultOf);
    },
    close: () => after.stop(),
  };
}

const inInbox = (signal: Signal): SignalResult => resultOf({ signal, outcome: 'received', reason: 'kept in the inbox; it is handed over in a moment' });

const byUrgency = (a: Signal, b: Signal): number => priorityOf(a) - priorityOf(b) || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
