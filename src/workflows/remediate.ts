import { allHandlersFinished, CancellationScope, condition, isCancellation, TemporalFailure } from '@temporalio/workflow';
import type { RemediateInput, RemediateResult } from '../domain/messages.js';
import { approve } from './approve.js';
import { close } from './close.js';
import { decide } from './decide.js';
import { compensate } from './compensate.js';
import { hold } from './hold.js';
import { execute } from './execute.js';
import { revalidate } from './revalidate.js';
import { textOf } from './failures.js';
import { followUp } from './follow-up.js';
import { installHandlers } from './handlers.js';
import { newRun, type Run } from './run.js';
import type { Stage } from './state.js';
import { verify } from './verify.js';

const STAGES: Record<Exclude<Stage, 'closed'>, (run: Run) => Stage | Promise<Stage>> = { decide, approve, hold, revalidate, execute, verify };

/**
 * One durable remediation of one target: understand, plan, check, ask where policy says so, act, prove, undo what did
 * not help, remember, tell. Later signals on the same target join it.
 */
export async function remediate(input: RemediateInput): Promise<RemediateResult> {
  const run = newRun(input);
  installHandlers(run);
  try {
    await run.scope.run(() => drive(run));
  } catch (error) {
    // Continue-as-new goes on; our own bugs fail the workflow task, which is repeated until a release mends them.
    if (!(error instanceof TemporalFailure)) throw error;
    const isCancelled = isCancellation(error);
    await CancellationScope.nonCancellable(() => (isCancelled ? windUp(run) : giveUp(run, error)));
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    await followUp(run);
    // `temporal workflow cancel` shall show Canceled; our own cancel signal ends in Completed with its outcome.
    if (isCancelled && !run.state.cancel) throw error;
  }
  // who picked hears what became of it
  await condition(allHandlersFinished);
  await followUp(run);
  const { doc } = run.state;
  return { remediationId: doc.id, outcome: doc.outcome!, ...(doc.reason ? { reason: doc.reason } : {}) };
}

async function drive(run: Run): Promise<void> {
  while (run.state.stage !== 'closed') run.state.stage = await STAGES[run.state.stage](run);
}

async function windUp(run: Run): Promise<void> {
  if (run.state.doc.phase === 'closed') return;
  const undone = await compensate(run);
  const { by, reason } = run.state.cancel ?? {};
  await close(run, 'cancelled', [`cancelled by ${by ?? 'a person'}${reason ? `: ${reason}` : ''}`, ...undone.said].join('; '));
}

/** A part that a remediation cannot do without stayed out of reach: what was begun is taken back, and it is said. */
async function giveUp(run: Run, error: unknown): Promise<void> {
  const { doc } = run.state;
  if (doc.phase === 'closed') return;
  const during = doc.phase;
  const undone = await compensate(run);
  await close(run, 'failed', [`could not go on while ${during.replace('_', ' ')}: ${textOf(error)}`, ...undone.said].join('; '));
}
