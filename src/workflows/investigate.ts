import { isCancellation } from '@temporalio/workflow';
import type { InspectReply, TurnReply } from '../activities/contract.js';
import type { InvestigationView } from '../contracts/remediation.js';
import { INVESTIGATION_LIMITS, keyOfCall, MOST_CALLS_PER_TURN, type Ending, type InvestigationLimits, type Investigator, type ToolCall } from '../domain/investigation.js';
import type { Finding, Proposal } from '../domain/plan.js';
import { analyze, inspect } from './activity-options.js';
import { isOutOfTime, spentBefore } from './failures.js';
import type { Run } from './run.js';
import { isAllResolved } from './state.js';

export interface Investigated {
  proposals: Proposal[];
  template?: string;
  /** It came to an end of its own: that it proposes nothing then says something. */
  isAnswered?: boolean;
  investigation?: InvestigationView;
}

/** Its last answer was meant as such: nothing was left to ask, or it was told that nothing more can be asked. */
const CONCLUDED: readonly Ending[] = ['answered', 'turns', 'tools'];

/** What the investigation is about, and how far it is. Plain values: all of it is rebuilt from the history. */
interface Search {
  readonly run: Run;
  readonly limits: InvestigationLimits;
  readonly evidenceRef: string;
  readonly findings: Finding[];
  readonly untilMs: number;
  view: InvestigationView;
  /** What was found, by what was asked. */
  known: Map<string, InspectReply>;
  last?: TurnReply;
}

/**
 * A model looks for the cause: it answers, asks for looks at the cluster, reads what they found, answers again. Each answer and
 * each look is an activity of its own, so that a crash goes on at the very call. Whatever ends it, the proposals of its last answer
 * stand; without any the rules decide alone. Throws cancellation only.
 *
 *     turn ──asks──▶ looks, side by side ──▶ turn … ──asks nothing──▶ answered
 *       └─ or: the last turn was taken, or looks, tokens, money or time are used up, every alert resolved, or the model failed
 */
export async function investigate(run: Run, evidenceRef: string, findings: Finding[]): Promise<Investigated> {
  const limits = { ...INVESTIGATION_LIMITS, ...run.input.investigation };
  const view: InvestigationView = { turns: 0, tools: 0, repeated: 0, tokens: 0, ended: 'failed', asked: [], transcript: [] };
  const search: Search = { run, limits, evidenceRef, findings, untilMs: Date.now() + limits.timeMs, view, known: new Map() };
  for (const by of limits.investigators) {
    view.ended = by === 'holmes' ? await once(search) : await led(search);
    if (search.last || isAllResolved(run.state)) break;
  }
  run.note(endOf(view));
  const { proposals = [], template } = search.last ?? {};
  return { proposals, ...(template ? { template } : {}), isAnswered: CONCLUDED.includes(view.ended), investigation: view };
}

async function once(search: Search): Promise<Ending> {
  if (isAllResolved(search.run.state)) return 'resolved';
  const reply = await turn(search, 'holmes', 0);
  return typeof reply === 'string' ? reply : 'answered';
}

async function led(search: Search): Promise<Ending> {
  for (;;) {
    const spent = usedUp(search);
    if (spent) return spent;
    const { most, withheld } = asksLeft(search);
    const reply = await turn(search, 'model', most);
    if (typeof reply === 'string') return reply;
    const asks = (reply.asks ?? []).slice(0, most);
    if (asks.length === 0) return withheld ?? 'answered';
    const broken = isAllResolved(search.run.state) ? 'resolved' : await look(search, asks);
    if (broken) return broken;
  }
}

const leftMs = ({ untilMs }: Search): number => Math.max(1, untilMs - Date.now());
const isLate = ({ untilMs }: Search): boolean => Date.now() >= untilMs;

/** A call that had all the time that was left and used it up, against one that failed. */
const endingOf = (search: Search, error: unknown, { hadMs, ownMs }: { hadMs: number; ownMs: number }): Ending =>
  isLate(search) || (isOutOfTime(error) && hadMs < ownMs) ? 'time' : 'failed';

/** A prompt that short says nothing: what is left does not buy another answer. */
const LEAST_TOKENS = 1500;

function usedUp(search: Search): Ending | undefined {
  const { run, view, limits } = search;
  if (isAllResolved(run.state)) return 'resolved';
  if (isLate(search)) return 'time';
  if (limits.tokens - view.tokens < LEAST_TOKENS) return 'tokens';
  if (limits.cost !== undefined && (view.cost ?? 0) >= limits.cost) return 'cost';
  return undefined;
}

/** How many looks may still be asked for, and if none although there could be: what withheld them. */
function asksLeft({ view, limits }: Search): { most: number; withheld?: Ending } {
  if (limits.tools === 0 || limits.turns === 1) return { most: 0 };
  if (view.turns >= limits.turns - 1) return { most: 0, withheld: 'turns' };
  const left = limits.tools - view.tools;
  return left > 0 ? { most: Math.min(left, MOST_CALLS_PER_TURN) } : { most: 0, withheld: 'tools' };
}

async function turn(search: Search, by: Investigator, mostAsks: number): Promise<TurnReply | Ending> {
  const { run, view, limits, evidenceRef, findings } = search;
  const nth = view.turns + 1;
  const ownMs = by === 'holmes' ? limits.holmesMs : limits.turnMs;
  const mostMs = Math.min(ownMs, leftMs(search));
  const summary = by === 'holmes' ? 'ask HolmesGPT' : nth === 1 ? 'ask the model' : `ask the model again (turn ${nth})`;
  const maxTokens = Math.min(limits.promptTokens, limits.tokens - view.tokens);
  try {
    const reply = await analyze(summary, mostMs)({ remediationId: run.state.doc.id, evidenceRef, findings, by, turn: nth, transcript: view.transcript, mostAsks, maxTokens });
    view.turns = nth;
    spend(search, reply);
    if (reply.model) view.by = reply.model;
    if (reply.turnRef) view.transcript.push(reply.turnRef);
    search.last = reply;
    return reply;
  } catch (error) {
    if (isCancellation(error)) throw error;
    spend(search, spentBefore(error));
    run.note(by === 'holmes' ? 'HolmesGPT gave no usable answer' : search.last ? 'the model gave no further usable answer; what it said before stands' : 'the model gave no usable answer; the rules decide alone');
    return endingOf(search, error, { hadMs: mostMs, ownMs });
  }
}

function spend({ run, view }: Search, { tokens, cost }: { tokens: number; cost?: number }): void {
  const { usage } = run.state.doc;
  view.tokens += tokens;
  usage.tokens += tokens;
  if (cost === undefined) return;
  view.cost = (view.cost ?? 0) + cost;
  usage.cost = (usage.cost ?? 0) + cost;
}

/** Long enough for a store that comes back, or a worker that is started again. */
const LOOK_MS = 180_000;

/** All looks of one turn, side by side; what was looked at before is answered from the transcript. An ending when one could not be made. */
async function look(search: Search, asks: readonly ToolCall[]): Promise<Ending | undefined> {
  const { view, known } = search;
  const hadMs = Math.min(LOOK_MS, leftMs(search));
  const wanted = new Map(asks.filter((call) => !known.has(keyOfCall(call))).map((call) => [keyOfCall(call), call]));
  const settled = await Promise.allSettled([...wanted].map(async ([key, call]) => known.set(key, await lookOnce(search, call))));
  view.tools += asks.length;
  view.repeated += asks.length - wanted.size;
  for (const call of asks) tell(search, call, wanted.delete(keyOfCall(call)));
  const failed = settled.find((s) => s.status === 'rejected');
  if (failed && isCancellation(failed.reason)) throw failed.reason;
  return failed && endingOf(search, failed.reason, { hadMs, ownMs: LOOK_MS });
}

const lookOnce = (search: Search, call: ToolCall): Promise<InspectReply> =>
  inspect(call.summary, Math.min(LOOK_MS, leftMs(search)))({ remediationId: search.run.state.doc.id, evidenceRef: search.evidenceRef, call });

function tell({ run, view, known }: Search, call: ToolCall, isNew: boolean): void {
  const found = known.get(keyOfCall(call));
  if (found) view.transcript.push(found.ref);
  const text = !found ? 'could not be looked at' : isNew ? found.found : 'asked again; it is known already';
  view.asked.push({ turn: view.turns, tool: call.tool, summary: call.summary, found: text, ...(found && !found.isError ? {} : { failed: true }), ...(found?.isTruncated ? { truncated: true } : {}) });
  run.note(`${call.summary}: ${text}`);
}

const WHY: Record<Ending, string> = {
  answered: 'it answered', turns: 'its last turn', tools: 'its looks are used up', tokens: 'its tokens are used up', cost: 'its money is used up', time: 'its time is over', resolved: 'every alert resolved', failed: 'it failed',
};

const endOf = ({ turns, tools, tokens, ended }: InvestigationView): string =>
  `investigation over (${WHY[ended]}): ${turns} ${turns === 1 ? 'answer' : 'answers'}, ${tools} ${tools === 1 ? 'look' : 'looks'}, ${tokens} tokens`;
