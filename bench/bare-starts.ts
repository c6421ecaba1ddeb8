import type { Client } from '@temporalio/client';
import { dispatchSignal } from '../src/adapters/temporal/index.js';
import { WORKFLOW_TYPE, type RemediateInput } from '../src/domain/messages.js';
import { remediationIdOf, workflowIdOf, type Target } from '../src/domain/target.js';
import { TASK_QUEUES } from '../src/domain/task-queues.js';
import { isRejection, signalOfAlert } from '../src/sources/alert-signal.js';
import { alertOf } from './alert-posts.js';
import { inFlight } from './samples.js';

export type BareKind = 'start' | 'signalWithStart';

/** What the gateway hands over for such an alert, byte for byte but for the names: made before the clock runs. */
export function inputsOf(names: readonly string[], cluster: string): RemediateInput[] {
  const receivedAt = new Date().toISOString();
  return names.map((name): RemediateInput => {
    const target: Target = { cluster, apiVersion: 'v1', kind: 'Pod', namespace: 'bare', name, uid: '00000000-0000-4000-8000-000000000000' };
    const first = signalOfAlert(alertOf({ namespace: 'bare', pod: name }), 'alertmanager', { cluster, clusters: [cluster], receivedAt, settings: {}, name: 'alertmanager' });
    if (isRejection(first)) throw new Error(first.reason);
    return {
      remediationId: remediationIdOf(workflowIdOf(target), first), target, first, isCoLocated: false, hasModel: false, channels: ['log'], links: { api: 'http://127.0.0.1:8080' },
      horizons: [{ name: '30s', afterMs: 30_000 }, { name: '2m', afterMs: 120_000 }, { name: '30m', afterMs: 1_800_000 }],
    };
  });
}

/** A loop over Temporal's client and nothing else, `width` requests in flight on one connection. Resolves with the time of each, ms. */
export async function bareLoop(client: Client, kind: BareKind, inputs: readonly RemediateInput[], width: number): Promise<number[]> {
  const one = kind === 'start' ? (input: RemediateInput) => bareStart(client, input) : (input: RemediateInput) => dispatchSignal(client, input);
  const ms: number[] = [];
  await inFlight(width, inputs, async (input) => {
    const from = performance.now();
    await one(input);
    ms.push(performance.now() - from);
  });
  return ms;
}

/** Type, id, queue and the argument: no signal, no search attributes, no memo, no texts for the Web UI. */
const bareStart = (client: Client, input: RemediateInput): Promise<unknown> =>
  client.workflow.start(WORKFLOW_TYPE, { workflowId: workflowIdOf(input.target), taskQueue: TASK_QUEUES.workflows, args: [input] });
