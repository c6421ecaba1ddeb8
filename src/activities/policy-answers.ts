import { countsDisruptions, isDisruptive } from '../domain/disruption-budget.js';
import type { OpaAnswer, OpaPolicy } from '../domain/opa.js';
import type { Step } from '../domain/plan.js';
import type { Policy } from '../domain/policy.js';
import type { PolicyAnswers } from '../domain/policy-facts.js';
import type { PolicyView } from '../domain/policy-rule.js';
import type { Store } from '../domain/ports.js';

/** Asks a policy server. Never throws: its silence is an answer of its own. */
export type AskPolicy = (opa: OpaPolicy, view: PolicyView) => Promise<OpaAnswer>;

export interface Answering {
  store: Pick<Store, 'countDisruptions'>;
  askPolicy?: AskPolicy;
}

export interface Asking {
  policy: Policy;
  step: Step;
  view: PolicyView;
  remediationId: string;
  /** RFC 3339 */
  now: string;
}

/** What the store and the policy server say of one step now. Throws StoreUnavailable. */
export async function answersFor({ store, askPolicy }: Answering, { policy, step, view, remediationId, now }: Asking): Promise<PolicyAnswers> {
  const isCounted = isDisruptive(step) && countsDisruptions(policy.disruptionBudget);
  const [disruptions, opa] = await Promise.all([
    isCounted ? store.countDisruptions(step.target, remediationId, now) : undefined,
    policy.opa && (askPolicy ? askPolicy(policy.opa, view) : { failed: 'nothing here asks policy servers' }),
  ]);
  return { ...(disruptions ? { disruptions } : {}), ...(opa ? { opa } : {}) };
}
