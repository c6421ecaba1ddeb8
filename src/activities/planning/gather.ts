import { isKubernautError } from '../../domain/errors.js';
import type { PastAction } from '../../domain/evidence.js';
import { familyOf, MEASURED_HALF_LIFE_MS, MEASURED_WINDOW_MS, type Measured } from '../../domain/measured.js';
import type { Step } from '../../domain/plan.js';
import type { Cluster, Store } from '../../domain/ports.js';
import type { Target } from '../../domain/target.js';
import type { PlanRequest } from '../contract.js';
import { answersFor, type AskPolicy } from '../policy-answers.js';
import { askedKeyOf, pastKeyOf, trialKeyOf, type DecisionInput, type Facts, type Trial, type Wants } from './input.js';
import { writeIdOf } from './step.js';

export interface Outside {
  cluster(name: string): Cluster;
  store: Pick<Store, 'pastActions' | 'measuredEffects' | 'countDisruptions'>;
  askPolicy?: AskPolicy;
  /** Throws `Forbidden` when RBAC lacks a verb that the step or its undo will need. */
  assertPermitted?(cluster: Cluster, step: Step): Promise<void>;
}

const DAY_MS = 86_400_000;

/** Reads what a decision wants to know: the one place where planning asks the store and the API server. Writes nothing. */
export async function factsFor(outside: Outside, { request, now, policy }: Pick<DecisionInput, 'request' | 'now' | 'policy'>, { past, trials, asked = [] }: Wants): Promise<Facts> {
  const since = new Date(Date.parse(now) - DAY_MS).toISOString();
  const pastByKey = await Promise.all([...new Map(past.map((t) => [pastKeyOf(t), t]))].map(async ([key, target]) => [key, await pastOf(outside, target, since)] as const));
  const tried: Record<string, Trial> = {};
  // one after the other, as they would be written
  for (const step of trials) tried[trialKeyOf(step)] = await trialOf(outside, request, step);
  const answers = await Promise.all(asked.map(async (a) => [askedKeyOf(a), await answersFor(outside, { ...a, policy, now, remediationId: request.remediationId })] as const));
  return { past: Object.fromEntries(pastByKey), trials: tried, ...(asked.length > 0 ? { asked: Object.fromEntries(answers) } : {}) };
}

/** One question for everything that is proposed, whichever of the causes decides in the end. */
export async function measuredOf({ store }: Outside, { target, findings, proposals }: PlanRequest, now: string): Promise<Measured[]> {
  const actions = [...new Set([...findings.flatMap((f) => f.proposals), ...proposals].map((p) => p.action))];
  if (actions.length === 0) return [];
  const families = [...new Set([...findings.map((f) => familyOf(f.cause)), 'model'])];
  const since = new Date(Date.parse(now) - MEASURED_WINDOW_MS).toISOString();
  return store.measuredEffects({ cluster: target.cluster, families, actions, since, now, halfLifeMs: MEASURED_HALF_LIFE_MS });
}

const pastOf = ({ store }: Outside, target: Target, since: string): Promise<PastAction[]> => store.pastActions(target, since);

/** The exact write, refused or accepted by permission review and the API server's own admission, without being done. */
async function trialOf(outside: Outside, request: PlanRequest, step: Step): Promise<Trial> {
  try {
    await dryRun(outside, request, step);
    return { isAccepted: true };
  } catch (error) {
    // a hiccup is no answer: the activity is tried again
    if (isKubernautError(error) && !error.isRetryable) return { isAccepted: false, code: error.code, message: error.message };
    throw error;
  }
}

async function dryRun(outside: Outside, request: PlanRequest, step: Step): Promise<void> {
  const cluster = outside.cluster(request.target.cluster);
  const actionId = writeIdOf(request, step.ordinal);
  await outside.assertPermitted?.(cluster, step);
  for (const change of step.changes) {
    await cluster.apply(change, { actionId, isDryRun: true }).catch((error: unknown) => {
      // A budget that is used up now is waited for when the eviction is due.
      if (!isKubernautError(error, 'PdbBlocked')) throw error;
    });
  }
}
