import type { SignalRow } from '../domain/ports.js';
import { actedOn, heldForMs, type Judgement } from '../domain/filter.js';
import type { Signal } from '../domain/signal.js';
import { remediationIdOf } from '../domain/target.js';
import type { GatewayDeps } from './deps.js';
import { firstDocument } from './first-document.js';
import type { KeepTrying } from './keep-trying.js';
import { recentRuns } from './recent-runs.js';
import type { Route } from './route-signal.js';

export type HandOver = (judgement: Judgement, route: Route) => Promise<SignalRow>;

/** The one place where a signal goes to Temporal. Acknowledged there = safe; the store's copy may come later. */
export function createHandOver({ temporal, store, remediate, now = () => new Date().toISOString() }: GatewayDeps, keep: KeepTrying['write']): HandOver {
  const recent = recentRuns();

  async function joinedId(workflowId: string, runId: string): Promise<string | undefined> {
    const cached = recent.get(workflowId, runId);
    if (cached) return cached;
    const stored = await store.latestOf(workflowId).catch(() => undefined);
    if (stored?.run_id === runId) return stored.id;
    // Started by another gateway, or continued as new: the memo knows. The signal is safe, so a failure here costs only the id.
    return (await temporal.remediationOf(workflowId, runId).catch(() => undefined))?.remediationId;
  }

  async function fire(judgement: Judgement, { workflowId, target }: Route): Promise<SignalRow> {
    const { signal } = judgement;
    const held = holdOf(judgement, now());
    const input = { ...remediate, target, first: signal, remediationId: remediationIdOf(workflowId, signal) };
    const { started, runId } = await temporal.dispatch(input, held && { startDelayMs: held.ms });
    const row = { signal, workflowId, rules: actedOn(judgement) };
    if (!started) return { ...row, outcome: 'joined', remediationId: await joinedId(workflowId, runId) };
    recent.set(workflowId, runId, input.remediationId);
    await keep(`remediation ${input.remediationId}`, () => store.saveRemediation(firstDocument(input, { runId, now: now(), note: held?.reason })));
    return { ...row, outcome: 'started', remediationId: input.remediationId, ...(held ? { reason: held.reason, heldUntil: held.until } : {}) };
  }

  async function resolve({ signal, ...judgement }: Judgement, { workflowId }: Route): Promise<SignalRow> {
    const row = { signal, workflowId, rules: actedOn({ signal, ...judgement }) };
    const open = await temporal.resolve(workflowId, signal);
    return open ? { ...row, outcome: 'resolved', ...open } : { ...row, outcome: 'suppressed', reason: 'resolved, and nothing is open for it' };
  }

  return (judgement, route) => (judgement.signal.status === 'resolved' ? resolve(judgement, route) : fire(judgement, route));
}

function holdOf(judgement: Judgement & { signal: Signal }, now: string): { ms: number; until: string; reason: string } | undefined {
  const ms = heldForMs(judgement, now);
  if (ms === 0) return undefined;
  const until = new Date(Date.parse(now) + ms).toISOString();
  return { ms, until, reason: `filter rule ${judgement.delay!.rule.name} holds it back until ${until}` };
}
