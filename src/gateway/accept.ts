import type { SignalResult } from '../contracts/api.js';
import { actedOn, type Judgement } from '../domain/filter.js';
import type { SignalRow } from '../domain/ports.js';
import type { GatewayDeps } from './deps.js';
import type { Filters } from './filters.js';
import { createHandOver } from './hand-over.js';
import { holdBack, othersHeld } from './hold.js';
import type { InOrder } from './in-order.js';
import type { KeepTrying } from './keep-trying.js';
import { routeOf } from './route-signal.js';

export interface Accepted {
  result: SignalResult;
  /** Why it led to nothing, as a label. */
  why: string;
}

interface Parts {
  filters: Filters;
  inOrder: InOrder;
  after: KeepTrying;
}

/** One signal: is it known, do rules hold it, whose workflow is it. The caller lets no two of one fingerprint in at a time. */
export function createAccept(deps: GatewayDeps, { filters, inOrder, after }: Parts): (judgement: Judgement) => Promise<Accepted> {
  const { store, now = () => new Date().toISOString() } = deps;
  const goOn = createGoOn(deps, { inOrder, after });

  async function acceptOne(judgement: Judgement): Promise<Accepted> {
    const { cluster, fingerprint, startsAt, status } = judgement.signal;
    const known = await store.findSignal({ cluster, fingerprint, startsAt, status });
    if (known?.remediationId) {
      return { result: { fingerprint, outcome: 'duplicate', remediation_id: known.remediationId, reason: 'this occurrence was received before' }, why: 'duplicate' };
    }
    const held = await holdBack(judgement, store);
    if (held) return { result: resultOf(held.row), why: held.by };
    for (const other of await othersHeld(judgement, store)) await release(filters.judge(other, now()));
    const row = await goOn(judgement);
    return { result: resultOf(row), why: status === 'resolved' ? 'nothing_open' : 'no_target' };
  }

  /** What waited for company goes on with it; its end, when that came meanwhile, follows it. */
  async function release(judgement: Judgement): Promise<void> {
    if (judgement.end) return;
    await goOn(judgement);
    const { fingerprint, cluster, startsAt } = judgement.signal;
    if (!(await store.findSignal({ cluster, fingerprint, startsAt, status: 'resolved' }))) return;
    const over = (await store.signalsOf(fingerprint)).find((r) => r.signal.status === 'resolved' && r.signal.cluster === cluster && Date.parse(r.signal.startsAt) === Date.parse(startsAt));
    if (over) await goOn(filters.judge(over.signal, now()));
  }

  return acceptOne;
}

/** From a signal that no rule holds to the workflow of its target, and into the store. */
function createGoOn(deps: GatewayDeps, { inOrder, after }: Omit<Parts, 'filters'>): (judgement: Judgement) => Promise<SignalRow> {
  const handOver = createHandOver(deps, after.write);
  return async (judgement) => {
    const { signal } = judgement;
    const route = await routeOf(signal, deps);
    const row = route
      ? await inOrder(`workflow ${route.workflowId}`, () => handOver(judgement, route))
      : ({ signal, outcome: 'suppressed', reason: 'its labels name no Kubernetes object', rules: actedOn(judgement) } as const);
    await after.write(`signal ${signal.fingerprint}`, () => deps.store.recordSignal(row));
    return row;
  };
}

export const resultOf = ({ signal, outcome, remediationId, workflowId, reason }: SignalRow): SignalResult => ({
  fingerprint: signal.fingerprint,
  outcome: outcome === 'resolved' ? 'joined' : outcome,
  ...(remediationId ? { remediation_id: remediationId } : {}),
  ...(workflowId ? { workflow_id: workflowId } : {}),
  ...(reason ? { reason } : {}),
});
