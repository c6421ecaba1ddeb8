import { durationMs } from '../../src/domain/duration.js';
import type { Remediation } from '../../src/contracts/remediation.js';
import { alertManagerBody, resolvedOf } from './alerts.js';
import type { Product } from './product.js';
import type { RemediationFeed } from './remediation-feed.js';
import type { Resolver } from './resolver.js';
import { resolveAfterMs, type FaultStep, type Scenario } from './scenario.js';

export interface FollowOptions {
  scenario: Scenario;
  product: Product;
  feed: RemediationFeed;
  resolver: Resolver;
  isMine(remediation: Remediation): boolean;
  /** Would this end be the expected one? While the ticker speaks, another alert may follow. */
  isExpected(remediations: readonly Remediation[]): boolean;
  disturb(step: FaultStep): Promise<void>;
  signalledAtMs: number;
  signal: AbortSignal;
}

export interface Followed {
  remediations: Remediation[];
  /** From the signal until the end was clear, or the time was up. */
  tookMs: number;
  /** From the signal until the last of them closed; undefined when that did not happen in time. */
  closedAfterMs?: number;
  /** Disturbances whose phase never came. */
  missed: FaultStep[];
}

const DEFAULT_WITHIN_MS = 120_000;
/** How long nothing new must come before the story counts as over. */
const QUIET_MS = 1_500;
const NOTHING_STARTED_MS = 5_000;

export const withinMsOf = (scenario: Scenario): number => (scenario.expect.within === undefined ? DEFAULT_WITHIN_MS : durationMs(scenario.expect.within));

const expectsNone = ({ expect }: Scenario): boolean => [expect.outcome].flat().includes('none');

/** A phase counts as reached while it lasts and, where the poll was too slow to see it, once the timeline tells of it. */
const hasReached = (r: Remediation, phase: string): boolean => r.phase === phase || (r.timeline ?? []).some((line) => line.phase === phase);

/** Since when the set of remediations has been closed and unchanged. */
interface Quiet {
  since: number;
  ids: string;
}

function quietOf(earlier: Quiet | undefined, mine: readonly Remediation[], now: number): Quiet | undefined {
  if (mine.some((r) => r.phase !== 'closed')) return undefined;
  const ids = mine.map((r) => r.id).join();
  return earlier?.ids === ids ? earlier : { since: now, ids };
}

/** Plays everybody outside the product until every remediation of the file closed: people, disturbances, AlertManager. */
export async function followToTheEnd(options: FollowOptions): Promise<Followed> {
  const { scenario, feed, signalledAtMs } = options;
  const pending = [...(scenario.disturb ?? [])];
  const decided = new Set<string>();
  const deadline = signalledAtMs + withinMsOf(scenario);
  let quiet: Quiet | undefined;
  for (;;) {
    options.signal.throwIfAborted();
    const mine = (await feed.next()).filter(options.isMine);
    if (await disturbDue(pending, mine, options)) quiet = undefined;
    await decideDue(mine, decided, options);
    await resolveDue(options);
    const now = Date.now();
    quiet = quietOf(quiet, mine, now);
    if (now <= deadline && !(quiet && isOver(mine, now - quiet.since, options, now))) continue;
    return { remediations: mine, missed: pending, tookMs: now - signalledAtMs, ...(quiet && mine.length > 0 ? { closedAfterMs: lastClosedMs(mine, now) - signalledAtMs } : {}) };
  }
}

const lastClosedMs = (mine: readonly Remediation[], now: number): number => Math.max(...mine.map((r) => (r.closed_at === undefined ? now : Date.parse(r.closed_at))));

/** One remediation is enough for an end; none is one only when that was to be expected, or no time is left. */
function isOver(mine: readonly Remediation[], quietMs: number, { scenario, signalledAtMs, isExpected }: FollowOptions, now: number): boolean {
  if (mine.length > 0) return quietMs >= QUIET_MS && (scenario.signal !== undefined || isExpected(mine));
  const after = resolveAfterMs(scenario);
  return expectsNone(scenario) && now - signalledAtMs >= NOTHING_STARTED_MS + (typeof after === 'number' ? after : 0);
}

/** True when something was done: what follows from it must get its time. */
async function disturbDue(pending: FaultStep[], mine: readonly Remediation[], { disturb }: FollowOptions): Promise<boolean> {
  const due = pending.filter((step) => mine.some((r) => hasReached(r, step.when!)));
  for (const step of due) {
    pending.splice(pending.indexOf(step), 1);
    await disturb(step);
  }
  return due.length > 0;
}

async function decideDue(mine: readonly Remediation[], decided: Set<string>, { scenario, product }: FollowOptions): Promise<void> {
  const mode = scenario.approve ?? 'auto';
  if (mode === 'never') return;
  for (const r of mine) {
    const key = questionOf(r);
    if (r.phase !== 'awaiting_approval' || decided.has(key)) continue;
    await product.decide(r, mode === 'reject' ? 'reject' : 'approve', candidateOf(mode, r));
    decided.add(key);
  }
}

const roundOf = (r: Remediation): number => r.approval?.round ?? 1;
const questionOf = (r: Remediation): string => `${r.id}/${r.plan?.hash ?? ''}/${roundOf(r)}`;

/** A second question is about what was picked at the first. */
const candidateOf = (mode: NonNullable<Scenario['approve']>, r: Remediation): number | undefined => (typeof mode === 'object' && roundOf(r) === 1 ? mode.candidate : undefined);

async function resolveDue({ resolver, product }: FollowOptions): Promise<void> {
  const due = resolver.due(Date.now());
  if (due.length > 0) await product.sendAlerts(alertManagerBody(due.map((a) => resolvedOf(a, new Date().toISOString()))));
}
