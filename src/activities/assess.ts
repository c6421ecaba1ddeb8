import type { Evidence } from '../domain/evidence.js';
import type { Observation } from '../domain/effectiveness.js';
import { healthOf, type Health } from '../domain/health.js';
import { worldOf, type World } from '../domain/kube.js';
import type { Finding, Step } from '../domain/plan.js';
import { endpointsOf, troubleIn } from '../domain/trouble.js';
import { isSameObject } from '../domain/target.js';
import type { ActionDefinition } from '../actions/define.js';
import type { AssessRequest, Baseline } from './contract.js';

export interface AssessDeps {
  /** Evidence of this moment, read like the first one but without logs; recorded. */
  collect(input: Pick<AssessRequest, 'target' | 'problems'>): Promise<Evidence>;
  diagnose(evidence: Evidence): Finding[];
  action(id: string): ActionDefinition;
}

/**
 * One horizon: does the action's own success condition hold, is the triggering condition gone (the same analyzers that
 * found it find nothing any more), did anything else get worse. Judging is domain/effectiveness.ts's.
 */
export function createAssess(deps: AssessDeps) {
  return async (request: AssessRequest): Promise<Observation> => {
    const evidence = await deps.collect(request);
    const world = worldOf(evidence.objects);
    const health = evidence.object && healthOf(world, evidence.object);
    const remaining = deps.diagnose(evidence).filter((f) => isStillWrong(f, request));
    const progress = request.steps.filter((s) => s.isWriting).map((s) => progressOf(deps, world, s));
    if (health && isStopped(request.baseline, health)) return stopped(request);
    return {
      isReached: progress.every((p) => p.state === 'reached'),
      isContainment: request.steps.every((s) => deps.action(s.action).isContainment === true),
      ...(request.baseline.isVisible && health ? { isConditionGone: health.isHealthy && remaining.length === 0 } : {}),
      ...alertsOf(request),
      ...readiness(request.baseline, health),
      sideEffects: sideEffectsOf(world, evidence, request, health),
      evidence: [...progress.map((p) => p.detail), describeHealth(health), ...remaining.slice(0, 3).map((f) => f.summary)],
    };
  };
}

const alertsOf = ({ problems, actedAt }: AssessRequest): Pick<Observation, 'isAlertFiring' | 'hasRefired'> => ({
  isAlertFiring: problems.some((p) => p.status === 'firing'),
  hasRefired: problems.some((p) => p.refires > 0 && p.startedAt > actedAt),
});

/** Nothing is wanted any more where something was Ready before: no action of ours does that, and nothing that is off can prove a fix. */
const isStopped = (baseline: Baseline, { desired }: Health): boolean => desired === 0 && baseline.ready !== undefined && baseline.desired !== 0;

const stopped = (request: AssessRequest): Observation => ({
  ...alertsOf(request),
  sideEffects: [],
  evidence: ['somebody scaled it to zero since: there is nothing left that could show the effect'],
});

/** Fewer are Ready than before because fewer are wanted: that was decided by somebody, and is no harm. */
const wanted = (before: number, health: Health | undefined): number => Math.min(before, health?.desired ?? before);

const readiness = (baseline: Baseline, health: Health | undefined): Pick<Observation, 'readyBefore' | 'readyNow'> => ({
  ...(baseline.ready === undefined ? {} : { readyBefore: wanted(baseline.ready, health) }),
  ...(health?.ready === undefined ? {} : { readyNow: health.ready }),
});

function describeHealth(health: Health | undefined): string {
  if (!health) return 'the target is gone';
  if (!health.isHealthy) return health.reasons.slice(0, 3).join('; ');
  return health.ready === undefined ? 'healthy' : `healthy, ${health.ready}/${health.desired} ready`;
}

const progressOf = (deps: AssessDeps, world: World, step: Step) =>
  deps.action(step.action).verify(world, step.parameters as never, step.target, { changes: step.changes });

/** A finding about the target or about what the steps touched that asks for something to be done. */
const isStillWrong = (f: Finding, { target, steps }: AssessRequest): boolean =>
  (f.conclusion === undefined || f.conclusion === 'needs_person') &&
  (isSameObject(f.target, target) || steps.some((s) => isSameObject(f.target, s.target)));

/** New trouble of others since the action; the target's own is judged by its health. */
function sideEffectsOf(world: World, evidence: Evidence, { target, baseline, steps }: AssessRequest, health: Health | undefined): string[] {
  const own = new Set([target, ...steps.map((s) => s.target)].map((t) => `${t.kind.toLowerCase()} ${t.namespace ? `${t.namespace}/` : ''}${t.name}`));
  const before = new Set(baseline.trouble);
  const appeared = troubleIn(world, namespacesOf(evidence)).filter((t) => !before.has(t) && !own.has(t.slice(0, t.indexOf(':'))));
  const now = evidence.object ? endpointsOf(world, evidence.object) : {};
  const lost = Object.entries(baseline.endpoints).filter(([service, count]) => now[service] !== undefined && now[service] < wanted(count, health));
  return [...appeared, ...lost.map(([service, count]) => `service ${service} has ${now[service]} ready endpoints, ${count} before`)];
}

export function baselineOf(world: World, evidence: Evidence, isVisible: boolean, cause: string): Baseline {
  const health = evidence.object && healthOf(world, evidence.object);
  return {
    ...(health?.ready === undefined ? {} : { ready: health.ready }),
    ...(health?.desired === undefined ? {} : { desired: health.desired }),
    trouble: troubleIn(world, namespacesOf(evidence)),
    endpoints: evidence.object ? endpointsOf(world, evidence.object) : {},
    cause,
    isVisible,
  };
}

/** The namespaces whose bystanders count: the target's; for a node those of its pods. */
const namespacesOf = ({ target, objects }: Evidence): string[] =>
  target.namespace ? [target.namespace] : [...new Set(objects.filter((o) => o.kind === 'Pod').map((o) => o.metadata.namespace!))];
