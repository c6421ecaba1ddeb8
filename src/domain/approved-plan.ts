import type { Change } from './change.js';
import { planHash, type Plan, type Verdict } from './plan.js';

/** What a person approved, to see after a wait whether a plan that was made anew is the same. */
export interface ApprovedPlan {
  key: string;
  /** What was asked for. */
  asks: string[];
}

export const approvedPlan = ({ steps }: Plan, { findings }: Verdict): ApprovedPlan => ({
  key: planHash(steps.map((s) => ({ ...s, changes: s.changes.map(timeless), undo: s.undo.kind === 'none' ? s.undo : { ...s.undo, changes: s.undo.changes.map(timeless) } }))),
  asks: findings.filter((f) => f.severity === 'ask').map((f) => `${f.check}:${f.reason}`),
});

/** The same writes on the same objects for the same reasons to ask, or fewer: then nobody is asked twice. */
export function isStillApproved(approved: ApprovedPlan | undefined, plan: Plan, verdict: Verdict): boolean {
  if (!approved) return false;
  const now = approvedPlan(plan, verdict);
  return now.key === approved.key && now.asks.every((ask) => approved.asks.includes(ask));
}

/** The one value that is the time of planning itself: a rollout that is restarted at two is the one that was approved at ten. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

function timeless(change: Change): Change {
  if (change.op !== 'edit') return change;
  return { ...change, edits: change.edits.map((e) => ({ ...e, after: untimed(e.path, e.after) })) };
}

/** Alone, or in a map of annotations that is written as a whole. The time before is what somebody else did: it stays. */
function untimed(path: readonly string[], value: unknown): unknown {
  if (path.at(-1) === RESTARTED_AT) return '';
  const isMap = typeof value === 'object' && value !== null && RESTARTED_AT in value;
  return isMap ? { ...value, [RESTARTED_AT]: '' } : value;
}
