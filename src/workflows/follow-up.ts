import { makeContinueAsNewFunc } from '@temporalio/workflow';
import type { Outcome } from '../domain/remediation.js';
import type { Signal } from '../domain/signal.js';
import { remediationIdOf } from '../domain/target.js';
import type { remediate } from './remediate.js';
import type { Run } from './run.js';
import type { State } from './state.js';

/** Enough to know what to look at: the next remediation reads the whole target anyway. */
const MOST_KEPT = 50;

/** Endings that say "all is well" without having looked at what fired since the last reading. */
const CLAIMS: ReadonlySet<Outcome> = new Set(['fixed', 'improved', 'no_action_needed', 'already_resolved']);

/** A signal that fired: until the cluster is read again, nothing we decide is about it. */
export function keepUnread(state: State, signal: Signal): void {
  const others = state.unread.filter((s) => s.signal.fingerprint !== signal.fingerprint);
  state.unread = [...others, { signal, isLate: state.doc.phase === 'closed' }].slice(-MOST_KEPT);
}

/** A signal that came after the outcome was decided. */
export const hasLateSignal = (state: State): boolean => state.unread.some((s) => s.isLate);

/** Joined signals that this remediation never looked at and that still fire: they are worth one of their own. */
export function unserved(state: State): Signal[] {
  const firing = new Set(state.problems.filter((p) => p.status === 'firing').map((p) => `${p.fingerprint} ${p.startedAt}`));
  const isClaiming = CLAIMS.has(state.doc.outcome!);
  return state.unread.filter((s) => (s.isLate || isClaiming) && firing.has(`${s.signal.fingerprint} ${s.signal.startsAt}`)).map((s) => s.signal);
}

/**
 * The last thing a run does. A signal may be acknowledged by Temporal up to the very task that completes the run (the
 * server then repeats that task with the signal in it): it goes on as a new remediation in the next run.
 */
export async function followUp(run: Run): Promise<void> {
  const [first, ...others] = unserved(run.state);
  if (!first) return;
  const { doc } = run.state;
  const remediationId = remediationIdOf(doc.workflow_id, first);
  const { target } = run.input;
  const memo = { remediationId, alert: first.alert, severity: first.severity, target: `${target.kind}/${target.name}` };
  await makeContinueAsNewFunc<typeof remediate>({ memo })({ ...run.input, first, others, remediationId, follows: doc.id, carried: undefined });
}
