import type { SignalResult } from '../contracts/api.js';
import { actedOn, type Judgement } from '../domain/filter.js';
import { isSettled, type Fate } from '../domain/occurrence.js';
import type { SignalRow } from '../domain/ports.js';
import type { Signal } from '../domain/signal.js';
import type { GatewayDeps } from './deps.js';
import type { Filters } from './filters.js';
import { groupedWrites } from './grouped.js';
import { createHandOver, type Doubts, type HandOver } from './hand-over.js';
import { holdBack, othersHeld } from './hold.js';
import type { Entered } from './inbox.js';
import type { InOrder } from './in-order.js';
import type { KeepTrying } from './keep-trying.js';
import { routeOf } from './route-signal.js';

export interface Accepted {
  result: SignalResult;
  /** Why it led to nothing, as a label. */
  why: string;
}

/** What the inbox says of it, besides the signal. */
export type Standing = Omit<Entered, 'signal'>;

interface Parts {
  filters: Filters;
  inOrder: InOrder;
  after: KeepTrying;
}

/** One signal that is in the inbox: do rules hold it, whose workflow is it. The caller lets no two of one fingerprint in at a time. */
export function createAccept(deps: GatewayDeps, { filters, inOrder, after }: Parts): (judgement: Judgement, standing: Standing) => Promise<Accepted> {
  const { store, now = () => new Date().toISOString() } = deps;
  const goOn = createGoOn(deps, { inOrder, after });

  async function acceptOne(judgement: Judgement, { settled, endedAt, isRepeat, isAheadOfStart = isRepeat, starts = 0 }: Standing): Promise<Accepted> {
    const { signal } = judgement;
    const fate = settled ?? (isRepeat ? await settledMeanwhile(signal) : undefined);
    if (fate) return { result: repeated(signal, fate), why: 'duplicate' };
    if (endedAt !== undefined) return late(judgement, endedAt);
    const held = await holdBack(judgement, store);
    if (held) return { result: resultOf(held.row), why: held.by };
    for (const other of await othersHeld(judgement, store)) await release(filters.judge(other, now()));
    const row = await goOn(judgement, { isRepeat, isAheadOfStart, starts });
    return { result: resultOf(row), why: signal.status === 'resolved' ? 'nothing_open' : 'no_target' };
  }

  /** Another delivery of it was on its way when this one came. */
  async function settledMeanwhile({ cluster, fingerprint, startsAt, status }: Signal): Promise<Fate | undefined> {
    const found = await store.findSignal({ cluster, fingerprint, startsAt, status });
    return found && isSettled(status, found) ? found : undefined;
  }

  /** Where its start was never seen, this is the only trace of it. */
  async function late(judgement: Judgement, endedAt: string): Promise<Accepted> {
    const row: SignalRow = { signal: judgement.signal, outcome: 'suppressed', reason: `it ended at ${endedAt}, before this arrived`, rules: actedOn(judgement) };
    await store.recordSignal(row);
    return { result: resultOf(row), why: 'late' };
  }

  /** What waited for company goes on with it; its end, when that came meanwhile, follows it. */
  async function release(judgement: Judgement): Promise<void> {
    if (judgement.end) return;
    await goOn(judgement, RELEASED);
    const { fingerprint, cluster, startsAt } = judgement.signal;
    if (!(await store.findSignal({ cluster, fingerprint, startsAt, status: 'resolved' }))) return;
    const over = (await store.signalsOf(fingerprint)).find((r) => r.signal.status === 'resolved' && r.signal.cluster === cluster && Date.parse(r.signal.startsAt) === Date.parse(startsAt));
    if (over) await goOn(filters.judge(over.signal, now()), RELEASED);
  }

  return acceptOne;
}

const RELEASED: Doubts = { isRepeat: false, isAheadOfStart: false, starts: 0 };

/** From a signal that no rule holds to the workflow of its target, and into the store. */
function createGoOn(deps: GatewayDeps, { inOrder, after }: Omit<Parts, 'filters'>): (judgement: Judgement, doubts: Doubts) => Promise<SignalRow> {
  const handOver: HandOver = createHandOver(deps, after.write);
  const record = groupedWrites((rows: readonly SignalRow[]) => deps.store.recordSignals(rows));
  return async (judgement, doubts) => {
    const { signal } = judgement;
    const route = await routeOf(signal, deps);
    const row = route
      ? await inOrder(`workflow ${route.workflowId}`, () => handOver(judgement, route, doubts))
      : ({ signal, outcome: 'suppressed', reason: 'its labels name no Kubernetes object', rules: actedOn(judgement) } as const);
    // Left in the inbox, it is looked at again.
    if (row.outcome !== 'received') await after.write(`signal ${signal.fingerprint}`, () => record(row));
    return row;
  };
}

const repeated = ({ fingerprint }: Signal, { remediationId, reason }: Fate): SignalResult => ({
  fingerprint,
  outcome: 'duplicate',
  ...(remediationId ? { remediation_id: remediationId } : {}),
  reason: remediationId || !reason ? 'this occurrence was received before' : `this was received before: ${reason}`,
});

export const resultOf = ({ signal, outcome, remediationId, workflowId, reason }: SignalRow): SignalResult => ({
  fingerprint: signal.fingerprint,
  outcome: outcome === 'resolved' || outcome === 'received' ? 'joined' : outcome,
  ...(remediationId ? { remediation_id: remediationId } : {}),
  ...(workflowId ? { workflow_id: workflowId } : {}),
  ...(reason ? { reason } : {}),
});
