import { durationMs } from '../domain/duration.js';
import type { ActionPolicy } from '../domain/policy.js';
import { LAG_MAX_AGE } from './database.js';
import { instanceOf, replicasOf, type DatabaseView, type Instance } from './database-view.js';
import { refuse } from './workload.js';

const MAX_LAG_BYTES = 1024 * 1024;
const MAX_LAG_S = 10;

export interface Bounds {
  lagBytes: number;
  lagS: number;
  minIntervalS: number;
  lagMaxAgeS: number;
  allowsUnknownLag: boolean;
}

/** The row's bounds, which a policy can only narrow; the rest is as failover-database.ts says. */
export const boundsOf = (limits: ActionPolicy): Bounds => ({
  lagBytes: Math.min(MAX_LAG_BYTES, Number(limits.maxLagBytes ?? MAX_LAG_BYTES)),
  lagS: Math.min(MAX_LAG_S, durationMs(String(limits.maxLag ?? `${MAX_LAG_S}s`)) / 1000),
  minIntervalS: durationMs(String(limits.minInterval ?? '30m')) / 1000,
  lagMaxAgeS: durationMs(String(limits.lagMaxAge ?? LAG_MAX_AGE)) / 1000,
  allowsUnknownLag: limits.allowUnknownLag === true,
});

/** The primary that may be switched away from, or a refusal. */
export function checkPrimary(view: DatabaseView, { minIntervalS }: Bounds, nowMs: number): Instance {
  const { at, primary } = view;
  if (Math.min(view.wanted, view.instances.length) < 2) refuse('PreconditionChanged', `${at} has a single instance, there is nobody to switch to; add a replica first`);
  if (view.busy) refuse('PreconditionChanged', `${at}: ${view.busy}; wait until that is over`);
  if (!primary) return refuse('PreconditionChanged', `${at}: not exactly one instance leads; wait for its operator, and call a person if it stays so`);
  if (!primary.isReady) refuse('PreconditionChanged', `${at}: primary ${primary.name} is not Ready, its operator fails over by itself; wait for it, and call a person if it does not`);
  if (primary.isFenced) refuse('PreconditionChanged', `${at}: primary ${primary.name} is fenced, somebody keeps it still; ask them`);
  if (!view.isSettled) refuse('PreconditionChanged', `${at}: not all instances are well, and its operator is at work on them; wait for it or repair the broken one`);
  const agoS = view.chosenAt === undefined ? Infinity : (nowMs - Date.parse(view.chosenAt)) / 1000;
  if (agoS < minIntervalS) refuse('PreconditionChanged', `${at}: the primary was chosen ${Math.round(agoS)} s ago, less than ${minIntervalS} s; wait, or look why it moves so often`);
  return primary;
}

/** The candidate that was named, or the one least behind among those that may. Never "any": the plan pins its name. */
export function chooseCandidate(view: DatabaseView, asked: string | undefined, bounds: Bounds): Instance {
  const { at } = view;
  if (asked !== undefined) return checkCandidate(view, asked, bounds);
  const all = replicasOf(view).map((i) => ({ i, problem: problemOf(view, i, bounds) }));
  const fit = all.filter((c) => c.problem === undefined).map((c) => c.i);
  if (fit.length === 0) refuse(all.every((c) => c.problem === unknownLagOf(c.i)) ? 'Unsupported' : 'PreconditionChanged', `${at}: no replica may lead (${all.map((c) => c.problem).join('; ')}); repair one first`);
  return fit.sort((a, b) => (a.lag?.bytes ?? Infinity) - (b.lag?.bytes ?? Infinity) || (a.name < b.name ? -1 : 1))[0]!;
}

function checkCandidate(view: DatabaseView, asked: string, bounds: Bounds): Instance {
  const { at, primary } = view;
  if (asked === primary?.name) refuse('InvalidParams', `${at}: ${asked} is the primary already; choose a replica`);
  const found = instanceOf(view, asked) ?? refuse('InvalidParams', `${at} has no instance ${asked}; it has ${view.instances.map((i) => i.name).join(', ')}`);
  const problem = problemOf(view, found, bounds);
  if (problem) refuse(problem === unknownLagOf(found) ? 'Unsupported' : 'PreconditionChanged', `${at}: ${problem}; choose another replica or repair this one`);
  return found;
}

/** Why this replica may not lead; undefined when it may. */
export function problemOf(view: DatabaseView, candidate: Instance, bounds: Bounds): string | undefined {
  const { name, timeline } = candidate;
  if (!candidate.pod || candidate.pod.metadata.deletionTimestamp) return `${name} has no pod`;
  if (candidate.isFenced) return `${name} is fenced`;
  if (!candidate.isReady || !candidate.isHealthy) return `${name} is not a Ready, streaming replica`;
  if (timeline === undefined || timeline !== view.primaryTimeline) return `${name} is on timeline ${timeline ?? '(unknown)'}, the primary on ${view.primaryTimeline ?? '(unknown)'}`;
  return lagProblem(candidate, bounds);
}

function lagProblem(candidate: Instance, bounds: Bounds): string | undefined {
  const { name, lag } = candidate;
  if (lag === undefined) return bounds.allowsUnknownLag ? undefined : unknownLagOf(candidate);
  if (lag.bytes > bounds.lagBytes) return `${name} is ${lag.bytes} bytes behind, more than ${bounds.lagBytes}`;
  return (lag.seconds ?? 0) > bounds.lagS ? `${name} is ${lag.seconds} s behind, more than ${bounds.lagS}` : undefined;
}

const unknownLagOf = ({ name }: Instance): string => `nothing says how far behind ${name} is (annotation kubernaut.io/replication on its pod, see the action's limits)`;
