import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { RemediateInput, RemediateResult } from '../domain/messages.js';
import { approve } from './approve.js';
import { close } from './close.js';
import { decide } from './decide.js';
import { compensate, execute } from './execute.js';
import { installHandlers } from './handlers.js';
import { newRun, type Run } from './run.js';
import type { Stage } from './state.js';
import { verify } from './verify.js';

const STAGES: Record<Exclude<Stage, 'closed'>, (run: Run) => Stage | Promise<Stage>> = { decide, approve, execute, verify };

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
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => windUp(run));
    // `temporal workflow cancel` shall show Canceled; our own cancel signal ends in Completed with its outcome.
    if (!run.state.cancel) throw error;
  }
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
  const why = [`cancelled by ${by ?? 'a person'}${reason ? `: ${reason}` : ''}`];
  if (undone.count > 0) why.push(`${undone.count} step(s) undone`);
  if (undone.drifted) why.push(`undo refused: ${undone.drifted}`);
  await close(run, 'cancelled', why.join('; '));
}
