import type { Client } from '@temporalio/client';
import { KubernautError } from '../../domain/errors.js';
import { MESSAGES, type Decision, type DecisionReply } from '../../domain/messages.js';
import type { Signal } from '../../domain/signal.js';
import type { RemediationRef } from '../../gateway/temporal-port.js';
import type { RemediationMemo } from './dispatch.js';
import { isUpdateTimeout, isWorkflowNotFound, refusalOf } from './errors.js';

export type WhatIsOpen = { remediationId?: string; runId: string; isOpen: boolean } | undefined;

/** Reads which remediation a workflow id is about now from its memo: no worker is needed for that. */
export async function describeRun(client: Client, workflowId: string, runId?: string): Promise<WhatIsOpen> {
  try {
    const described = await client.workflow.getHandle(workflowId, runId).describe();
    const remediationId = (described.memo as Partial<RemediationMemo> | undefined)?.remediationId;
    return { isOpen: described.status.name === 'RUNNING', runId: described.runId, ...(remediationId ? { remediationId } : {}) };
  } catch (error) {
    if (isWorkflowNotFound(error)) return undefined;
    throw error;
  }
}

/** Hands a signal to what runs under this id, and to nothing else; the id of that run, or undefined when nothing runs. */
export async function joinOpen(client: Client, workflowId: string, signal: Signal): Promise<string | undefined> {
  return (await told(client, workflowId, signal)) ? ((await describeRun(client, workflowId))?.runId ?? '') : undefined;
}

async function told(client: Client, workflowId: string, signal: Signal): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).signal(MESSAGES.signalReceived, signal);
    return true;
  } catch (error) {
    if (isWorkflowNotFound(error)) return false;
    throw error;
  }
}

/** A resolved alert is news for what runs and nothing else: it never starts a remediation. */
export async function signalOpen(client: Client, workflowId: string, signal: Signal): Promise<{ remediationId?: string } | undefined> {
  if (!(await told(client, workflowId, signal))) return undefined;
  const open = await describeRun(client, workflowId);
  return open?.remediationId ? { remediationId: open.remediationId } : {};
}

/** Throws `Conflict` unless exactly this remediation is the one that runs: a later one of the same target is not meant. */
export async function requireOpen(client: Client, ref: RemediationRef, what: string): Promise<void> {
  const open = await describeRun(client, ref.workflowId);
  if (!open?.isOpen || open.remediationId !== ref.remediationId) throw hasClosed(ref, what);
}

/** Asks by update: the workflow's validator answers at once, with its reason when it refuses. */
export async function decideOpen(client: Client, ref: RemediationRef, kind: 'approve' | 'reject', decision: Decision): Promise<DecisionReply> {
  await requireOpen(client, ref, kind);
  const update = kind === 'approve' ? MESSAGES.approveRemediation : MESSAGES.rejectRemediation;
  try {
    return await client.workflow.getHandle(ref.workflowId).executeUpdate<DecisionReply, [Decision]>(update, { args: [decision] });
  } catch (error) {
    if (isWorkflowNotFound(error)) throw hasClosed(ref, kind);
    const refusal = refusalOf(error);
    if (refusal !== undefined) throw new KubernautError('Conflict', refusal, error);
    if (isUpdateTimeout(error)) {
      throw new KubernautError('TemporalUnavailable', { message: `no worker answered for ${ref.remediationId}; is "kubernaut worker --role workflows" running?`, retryAfterMs: 5000 }, error);
    }
    throw error;
  }
}

export async function tellOpen(client: Client, ref: RemediationRef, what: 'cancel' | 'undo', decision: Decision): Promise<void> {
  await requireOpen(client, ref, what);
  try {
    await client.workflow.getHandle(ref.workflowId).signal(MESSAGES[what], decision);
  } catch (error) {
    throw isWorkflowNotFound(error) ? hasClosed(ref, what) : error;
  }
}

const hasClosed = (ref: RemediationRef, what: string): KubernautError =>
  new KubernautError('Conflict', `remediation ${ref.remediationId} is closed, so there is nothing to ${what}; see how it ended with: kubernaut show ${ref.remediationId}`);
