import type { SignalResult } from '../contracts/api.js';
import type { Judgement } from '../domain/filter.js';
import type { SignalRow } from '../domain/ports.js';
import { priorityOf, SEVERITIES, type Signal } from '../domain/signal.js';
import { createAccept, resultOf, type Standing } from './accept.js';
import type { GatewayDeps } from './deps.js';
import type { Filters } from './filters.js';
import { createInbox } from './inbox.js';
import { createInOrder, createLimit, forEachLimited } from './in-order.js';
import { createKeepTrying } from './keep-trying.js';

/** Of one batch at a time; the whole process is bounded by `gateway.maxConcurrent`. */
const BATCH_CONCURRENCY = 32;
/** AlertManager waits about one group_interval for an answer; a proxy in between often 30 s. */
const PATIENCE_MS = 10_000;

export interface Intake {
  /**
   * Takes all into the inbox and hands each to its workflow, the most urgent first; results in the order of the signals.
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
  const limit = createLimit(deps.config.gateway.maxConcurrent, PATIENCE_MS);
  const after = createKeepTrying(deps.logger);
  const inOrder = createInOrder();
  const enter = createInbox(deps);
  const acceptOne = createAccept(deps, { filters, inOrder, after });

  async function measured(judgement: Judgement, standing: Standing): Promise<SignalResult> {
    const { cluster, fingerprint, severity } = judgement.signal;
    const done = metrics.alertDuration.startTimer({ severity });
    metrics.activeAlerts.inc();
    try {
      const { result, why } = await limit(() => inOrder(`alert ${cluster}/${fingerprint}`, () => acceptOne(judgement, standing)));
      metrics.alertsProcessed.inc({ status: result.outcome, severity });
      if (result.outcome === 'suppressed' || result.outcome === 'duplicate') metrics.signalsSuppressed.inc({ reason: why });
      return result;
    } finally {
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
      await forEachLimited(order, BATCH_CONCURRENCY, async (i) => {
        results[i] = await measured(judged[i]!.judgement, judged[i]!.standing);
      });
      return results;
    },
    async again(signals) {
      const at = now();
      const each = await Promise.allSettled(signals.map((s) => measured(filters.judge(s, at), { isRepeat: true })));
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

const byUrgency = (a: Signal, b: Signal): number => priorityOf(a) - priorityOf(b) || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
