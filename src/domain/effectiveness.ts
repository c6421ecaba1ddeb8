/** What one horizon saw, gathered by activities/assess.ts. `undefined` = could not be read. */
export interface Observation {
  /** Does the action's own success condition hold? */
  isReached?: boolean;
  /** Did it only contain the trouble (a cordon)? Then holding is all that can be asked of it. */
  isContainment?: boolean;
  /** Is the triggering condition gone from the cluster state? `undefined` when the state cannot show it. */
  isConditionGone?: boolean;
  /** Do alerts of this remediation still fire? From resolved messages. */
  isAlertFiring: boolean;
  /** Fired again after having been resolved, since the action. */
  hasRefired: boolean;
  /** Ready pods of the target before the action and now. */
  readyBefore?: number;
  readyNow?: number;
  /** New trouble since the action: crash loops, pending pods, endpoints lost, node pressure. */
  sideEffects: string[];
  evidence: string[];
}

export type EffectVerdict = 'effective' | 'improving' | 'ineffective' | 'harmful' | 'inconclusive';

/**
 * Pure judgement of one horizon. A metric that cannot be read is never "effective" (actions.md 1.1).
 *
 * | condition gone | alert firing | verdict       |
 * | yes            | any          | effective (the state is the stronger witness; alerts lag) |
 * | unreadable     | no           | effective     |
 * | unreadable     | yes          | inconclusive  |
 * | no             | any          | improving when more pods are Ready than before, else ineffective |
 */
export function judgeEffect(o: Observation): EffectVerdict {
  if (o.isContainment && o.isReached && o.isConditionGone === false) return 'improving';
  if (o.sideEffects.length > 0 && o.isConditionGone !== true) return 'harmful';
  if (isWorse(o)) return 'harmful';
  if (o.hasRefired && o.isAlertFiring) return 'ineffective';
  if (o.isConditionGone === false || o.isReached === false) return hasMoreReady(o) ? 'improving' : 'ineffective';
  if (o.isConditionGone === undefined) return o.isAlertFiring ? 'inconclusive' : 'effective';
  return o.isReached === undefined ? 'inconclusive' : 'effective';
}

const isWorse = (o: Observation): boolean =>
  o.readyBefore !== undefined && o.readyNow !== undefined && o.readyNow < o.readyBefore && o.isConditionGone !== true;

const hasMoreReady = (o: Observation): boolean =>
  o.readyBefore !== undefined && o.readyNow !== undefined && o.readyNow > o.readyBefore;

export interface Horizon {
  name: string;
  /** Milliseconds after the action took hold. */
  afterMs: number;
}

/** 30 s, 2 min, 30 min (product.md 3). */
export const HORIZONS: readonly Horizon[] = [
  { name: '30s', afterMs: 30_000 },
  { name: '2m', afterMs: 120_000 },
  { name: '30m', afterMs: 1_800_000 },
];

export type Disposition = 'keep_watching' | 'close' | 'compensate';

/**
 * What follows a verdict. The first horizon undoes only harm, since many effects take minutes to show;
 * from the second on an ineffective action is undone; the last decides.
 */
export function disposition(verdict: EffectVerdict, index: number, count: number): Disposition {
  if (verdict === 'harmful') return 'compensate';
  const isLast = index === count - 1;
  if (verdict === 'ineffective' && (index > 0 || isLast)) return 'compensate';
  return isLast ? 'close' : 'keep_watching';
}
