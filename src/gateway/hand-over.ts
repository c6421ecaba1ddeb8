import type { Remediation } from '../contracts/remediation.js';
import type { SignalRow } from '../domain/ports.js';
import { durationMs } from '../domain/duration.js';
import { actedOn, heldForMs, type Judgement } from '../domain/filter.js';
import type { Signal } from '../domain/signal.js';
import { describeTarget, remediationIdOf, type Target } from '../domain/target.js';
import { createCorrelation, holdFrom, type Hold, type Root, type Surroundings } from './correlate.js';
import type { GatewayDeps } from './deps.js';
import { firstDocument } from './first-document.js';
import { groupedWrites } from './grouped.js';
import type { KeepTrying } from './keep-trying.js';
import { recentRuns } from './recent-runs.js';
import type { Route } from './route-signal.js';
import { createTellEnd } from './tell-end.js';

export interface Doubts {
  /** It may have been handed over already, by a process that died before it could say so. */
  isRepeat: boolean;
  /** What it ends may still be in the inbox. */
  isAheadOfStart: boolean;
  /** How often its alert started lately, before this. */
  starts: number;
}

export type HandOver = (judgement: Judgement, route: Route, doubts: Doubts) => Promise<SignalRow>;

/** The one place where a signal goes to Temporal. */
export function createHandOver(deps: GatewayDeps, keep: KeepTrying['write']): HandOver {
  const { temporal, store, remediate, now = () => new Date().toISOString() } = deps;
  const recent = recentRuns();
  const saveFirst = groupedWrites((documents: readonly Remediation[]) => store.saveFirst(documents));
  const tellEnd = createTellEnd(deps);
  const withSurroundings = createCorrelation(deps);

  async function joinedId(workflowId: string, runId: string): Promise<string | undefined> {
    const cached = recent.get(workflowId, runId);
    if (cached) return cached;
    const stored = await store.latestOf(workflowId).catch(() => undefined);
    if (stored?.run_id === runId) return stored.id;
    // Started by another gateway, or continued as new: the memo knows. The signal is safe, so a failure here costs only the id.
    return (await temporal.remediationOf(workflowId, runId).catch(() => undefined))?.remediationId;
  }

  async function fire(judgement: Judgement, { workflowId, target }: Route, { isRepeat, starts }: Doubts): Promise<SignalRow> {
    const { signal } = judgement;
    const before = isRepeat ? await handedOverBefore(signal, workflowId, remediationIdOf(workflowId, signal)) : undefined;
    if (before) return { signal, workflowId, rules: actedOn(judgement), ...before };
    return withSurroundings(signal, target, async (around) => (around.root && (await asSymptom(judgement, target, around.root))) ?? dispatch(judgement, { workflowId, target }, { ...around, hold: longest(around.hold, flapHold(starts)) }));
  }

  async function dispatch(judgement: Judgement, { workflowId, target }: Route, { hold, isFree }: Surroundings): Promise<SignalRow> {
    const { signal } = judgement;
    const row = { signal, workflowId, rules: actedOn(judgement) };
    const input = { ...remediate, target, first: signal, remediationId: remediationIdOf(workflowId, signal) };
    const held = longest(hold, holdOf(judgement, now()));
    const { started, runId } = await temporal.dispatch(input, { isFree, ...(held ? { startDelayMs: held.ms } : {}) });
    if (!started) return { ...row, outcome: 'joined', remediationId: await joinedId(workflowId, runId) };
    recent.set(workflowId, runId, input.remediationId);
    await keep(`remediation ${input.remediationId}`, () => saveFirst(firstDocument(input, { runId, now: now(), note: held?.reason })));
    return { ...row, outcome: 'started', remediationId: input.remediationId, ...(held ? { reason: held.reason, heldUntil: held.until } : {}) };
  }

  /** Looking again each time it comes and goes would find nothing each time. */
  function flapHold(starts: number): Hold | undefined {
    const { starts: most, within, hold } = deps.config.correlation.flapping;
    const ms = durationMs(hold);
    if (starts < most || ms === 0) return undefined;
    return holdFrom(Date.parse(now()), ms, (until) => `it comes and goes: it started ${starts + 1} times within ${within}; looked at from ${until} if it still fires then`);
  }

  /** With the remediation of its root; undefined when that closed a moment ago. */
  async function asSymptom(judgement: Judgement, target: Target, { workflowId, why, until }: Root): Promise<SignalRow | undefined> {
    const signal = { ...judgement.signal, symptomOn: describeTarget(target) };
    const open = await temporal.join(workflowId, signal);
    return open?.remediationId ? { signal, workflowId, rules: actedOn(judgement), outcome: 'joined', ...open, reason: why, heldUntil: until } : undefined;
  }

  /** A remediation may have been started for it and have ended since: handing it over again would start a second one. */
  async function handedOverBefore({ fingerprint, startsAt }: Signal, workflowId: string, remediationId: string): Promise<Pick<SignalRow, 'outcome' | 'remediationId'> | undefined> {
    const run = await temporal.remediationOf(workflowId);
    if (run?.remediationId === remediationId) return { outcome: 'started', remediationId };
    const latest = await store.latestOf(workflowId);
    if (latest?.id === remediationId) return { outcome: 'started', remediationId };
    const isThere = latest?.problems.some((p) => p.fingerprint === fingerprint && Date.parse(p.started_at) === Date.parse(startsAt));
    return isThere ? { outcome: 'joined', remediationId: latest!.id } : undefined;
  }

  return (judgement, route, doubts) => (judgement.signal.status === 'resolved' ? tellEnd(judgement, route, doubts) : fire(judgement, route, doubts));
}

const longest = (a: Hold | undefined, b: Hold | undefined): Hold | undefined => (!a || (b && b.ms > a.ms) ? b : a);

function holdOf(judgement: Judgement & { signal: Signal }, now: string): Hold | undefined {
  const ms = heldForMs(judgement, now);
  return ms === 0 ? undefined : holdFrom(Date.parse(now), ms, (until) => `filter rule ${judgement.delay!.rule.name} holds it back until ${until}`);
}
