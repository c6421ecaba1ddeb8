import type { Client } from '@temporalio/client';
import type { Remediation } from '../../contracts/remediation.js';
import { MESSAGES } from '../../domain/messages.js';
import type { Outcome } from '../../domain/remediation.js';
import type { RemediationMemo } from './dispatch.js';
import { isWorkflowNotFound } from './errors.js';

/** What became of a remediation that the store shows open. */
export type Fate = 'open' | { closed: Remediation } | { outcome: Outcome; reason: string };

type Stored = Pick<Remediation, 'id' | 'workflow_id' | 'run_id'>;

/** `temporal workflow terminate` runs nothing of ours, so that the end of such a run is found only by asking. */
const END_OF: Record<string, [outcome: Outcome, reason: string]> = {
  TERMINATED: ['cancelled', 'it was terminated in Temporal; nothing was undone, what it wrote stays'],
  FAILED: ['failed', 'its workflow failed; nothing was undone, what it wrote stays'],
  TIMED_OUT: ['failed', 'its workflow timed out; nothing was undone, what it wrote stays'],
};

/** Throws what the client throws when the server does not answer. */
export async function fateOf(client: Client, stored: Stored): Promise<Fate> {
  if (await isCurrent(client, stored)) return 'open';
  const own = await described(client, stored.workflow_id, stored.run_id);
  if (!own) return { outcome: 'failed', reason: 'Temporal does not know its workflow (any more), so nothing continues it' };
  if (own.status.name === 'RUNNING') return 'open';
  const end = END_OF[own.status.name];
  return end ? { outcome: end[0], reason: end[1] } : askedRun(client, stored);
}

/** Is it the one that runs under its workflow id now, maybe in a later run? */
async function isCurrent(client: Client, { workflow_id, id }: Stored): Promise<boolean> {
  const current = await described(client, workflow_id);
  const memo = current?.memo as Partial<RemediationMemo> | undefined;
  return current?.status.name === 'RUNNING' && (memo?.remediationId ?? id) === id;
}

/** It ended in order and only the store missed it: the run still answers. */
async function askedRun(client: Client, { workflow_id, run_id, id }: Stored): Promise<Fate> {
  const last = await client.workflow.getHandle(workflow_id, run_id).query<Remediation>(MESSAGES.status);
  if (last.id === id && last.phase === 'closed') return { closed: last };
  return { outcome: 'inconclusive', reason: 'it ended without its end being recorded' };
}

async function described(client: Client, workflowId: string, runId?: string) {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (isWorkflowNotFound(error)) return undefined;
    throw error;
  }
}
