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

/** What others suffer is only held against us while our own trouble is not visibly over. */
const isHarmful = (o: Observation): boolean => o.isConditionGone !== true && (o.sideEffects.length > 0 || readyChange(o) < 0);

const readyChange = (o: Observation): number => (o.readyBefore === undefined || o.readyNow === undefined ? 0 : o.readyNow - o.readyBefore);

/**
 * First rule that holds. The cluster's state is a stronger witness than alerts, which lag; a metric that cannot be
 * read is never "effective" (actions.md 1.1).
 */
const RULES: readonly [holds: (o: Observation) => boolean, verdict: EffectVerdict][] = [
  [(o) => o.isContainment === true && o.isReached === true && o.isConditionGone === false, 'improving'],
  [isHarmful, 'harmful'],
  [(o) => o.hasRefired && o.isAlertFiring, 'ineffective'],
  [(o) => (o.isConditionGone === false || o.isReached === false) && readyChange(o) > 0, 'improving'],
  [(o) => o.isConditionGone === false || o.isReached === false, 'ineffective'],
  [(o) => o.isConditionGone === undefined && o.isAlertFiring, 'inconclusive'],
  [(o) => o.isReached === undefined, 'inconclusive'],
  [() => true, 'effective'],
];

/** Pure judgement of one horizon. */
export const judgeEffect = (o: Observation): EffectVerdict => RULES.find(([holds]) => holds(o))![1];

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
