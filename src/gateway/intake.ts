import type { SignalResult } from '../contracts/api.js';
import type { SignalRow } from '../domain/ports.js';
import { SEVERITIES, type Signal } from '../domain/signal.js';
import { remediationIdOf } from '../domain/target.js';
import type { GatewayDeps } from './deps.js';
import { firstDocument } from './first-document.js';
import { createInOrder, createLimit, forEachLimited } from './in-order.js';
import { createKeepTrying } from './keep-trying.js';
import { recentRuns } from './recent-runs.js';
import { routeOf, type Route } from './route-signal.js';

/** Of one batch at a time; the whole process is bounded by `gateway.maxConcurrent`. */
const BATCH_CONCURRENCY = 32;
/** AlertManager waits about one group_interval for an answer; a proxy in between often 30 s. */
const PATIENCE_MS = 10_000;

export interface Intake {
  /**
   * Hands every signal to its workflow, the most severe first; results in the order of the signals. Throws
   * TemporalUnavailable or StoreUnavailable when one of them could not be handed over: the sender repeats the whole batch
   * and what went through already is recognised.
   */
  accept(signals: readonly Signal[]): Promise<SignalResult[]>;
  close(): void;
}

export function createIntake(deps: GatewayDeps): Intake {
  const { store, metrics } = deps;
  const inOrder = createInOrder();
  const limit = createLimit(deps.config.gateway.maxConcurrent, PATIENCE_MS);
  const after = createKeepTrying(deps.logger);
  const handOver = createHandOver(deps, after.write);
  const record = (row: SignalRow) => after.write(`signal ${row.signal.fingerprint}`, () => store.recordSignal(row));

  async function acceptOne(signal: Signal): Promise<SignalResult> {
    const { cluster, fingerprint, startsAt, status } = signal;
    const known = await store.findSignal({ cluster, fingerprint, startsAt, status });
    if (known?.remediationId) return { fingerprint, outcome: 'duplicate', remediation_id: known.remediationId, reason: 'this occurrence was received before' };
    const route = await routeOf(signal, deps);
    const row = route
      ? await inOrder(`workflow ${route.workflowId}`, () => handOver(signal, route))
      : ({ signal, outcome: 'suppressed', reason: 'its labels name no Kubernetes object' } as const);
    await record(row);
    return resultOf(row);
  }

  async function measured(signal: Signal): Promise<SignalResult> {
    const done = metrics.alertDuration.startTimer({ severity: signal.severity });
    metrics.activeAlerts.inc();
    try {
      const result = await limit(() => inOrder(`alert ${signal.cluster}/${signal.fingerprint}`, () => acceptOne(signal)));
      metrics.alertsProcessed.inc({ status: result.outcome, severity: signal.severity });
      if (result.outcome === 'suppressed' || result.outcome === 'duplicate') metrics.signalsSuppressed.inc({ reason: reasonLabel(result, signal) });
      return result;
    } finally {
      metrics.activeAlerts.dec();
      done();
    }
  }

  return {
    async accept(signals) {
      const results = new Array<SignalResult>(signals.length);
      const order = signals.map((_, i) => i).sort((a, b) => SEVERITIES.indexOf(signals[a]!.severity) - SEVERITIES.indexOf(signals[b]!.severity));
      await forEachLimited(order, BATCH_CONCURRENCY, async (i) => {
        results[i] = await measured(signals[i]!);
      });
      return results;
    },
    close: () => after.stop(),
  };
}

/** The one place where a signal goes to Temporal. Acknowledged there = safe; the store's copy may come later. */
function createHandOver({ temporal, store, remediate, now = () => new Date().toISOString() }: GatewayDeps, keep: (what: string, write: () => Promise<void>) => Promise<void>) {
  const recent = recentRuns();

  async function joinedId(workflowId: string, runId: string): Promise<string | undefined> {
    const cached = recent.get(workflowId, runId);
    if (cached) return cached;
    const stored = await store.latestOf(workflowId).catch(() => undefined);
    if (stored?.run_id === runId) return stored.id;
    // Started by another gateway, or continued as new: the memo knows. The signal is safe, so a failure here costs only the id.
    return (await temporal.remediationOf(workflowId, runId).catch(() => undefined))?.remediationId;
  }

  async function fire(signal: Signal, { workflowId, target }: Route): Promise<SignalRow> {
    const input = { ...remediate, target, first: signal, remediationId: remediationIdOf(workflowId, signal) };
    const { started, runId } = await temporal.dispatch(input);
    if (!started) return { signal, workflowId, outcome: 'joined', remediationId: await joinedId(workflowId, runId) };
    recent.set(workflowId, runId, input.remediationId);
    await keep(`remediation ${input.remediationId}`, () => store.saveRemediation(firstDocument(input, runId, now())));
    return { signal, workflowId, outcome: 'started', remediationId: input.remediationId };
  }

  async function resolve(signal: Signal, { workflowId }: Route): Promise<SignalRow> {
    const open = await temporal.resolve(workflowId, signal);
    if (!open) return { signal, workflowId, outcome: 'suppressed', reason: 'resolved, and nothing is open for it' };
    return { signal, workflowId, outcome: 'resolved', ...open };
  }

  return (signal: Signal, route: Route): Promise<SignalRow> => (signal.status === 'resolved' ? resolve(signal, route) : fire(signal, route));
}

const resultOf = ({ signal, outcome, remediationId, workflowId, reason }: SignalRow): SignalResult => ({
  fingerprint: signal.fingerprint,
  outcome: outcome === 'resolved' ? 'joined' : outcome,
  ...(remediationId ? { remediation_id: remediationId } : {}),
  ...(workflowId ? { workflow_id: workflowId } : {}),
  ...(reason ? { reason } : {}),
});

const reasonLabel = (result: SignalResult, signal: Signal): string =>
  result.outcome === 'duplicate' ? 'duplicate' : signal.status === 'resolved' ? 'nothing_open' : 'no_target';
