import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime } from '@temporalio/worker';
import type { RemediateInput, RemediateResult } from '../../src/domain/messages.js';
import { scriptedActivities } from './scripted-activities.js';
import { inputOf, phasesOf, recordHistory, startWorkers, timeSkipping, type Workers } from './workflow-env.js';

export type Script = Parameters<typeof scriptedActivities>[0];
type Told = (handle: WorkflowHandle, script: ReturnType<typeof scriptedActivities>) => Promise<void>;

/** Runs remediations on one server (default: the time-skipping one) with one set of workers. */
export function remediations(openServer: () => Promise<TestWorkflowEnvironment> = timeSkipping) {
  let env: TestWorkflowEnvironment;
  let workers: Workers;
  return {
    env: () => env,
    async start() {
      env = await openServer();
      workers = await startWorkers(env);
    },
    async stop() {
      await workers?.stop();
      await env?.teardown();
      await Runtime.instance().shutdown();
    },
    /** Runs one remediation to its end; `tell` speaks to it while it runs. */
    async remediation(name: string, script: Script, tell?: Told, more: Partial<RemediateInput> = {}) {
      const scripted = scriptedActivities(script);
      const { input, workflowId } = inputOf(more);
      workers.serve(workflowId, scripted.activities);
      const handle = await env.client.workflow.signalWithStart('remediate', {
        workflowId, taskQueue: 'kubernaut', args: [input], signal: 'signalReceived', signalArgs: [input.first], memo: { remediationId: input.remediationId },
      });
      await tell?.(handle, scripted);
      const result = (await handle.result().catch((error: unknown) => error)) as RemediateResult;
      const doc = await handle.query<any>('status');
      const events = await recordHistory(handle, name);
      return { result, doc, events, handle, input, phases: await phasesOf(handle), ...scripted };
    },
    until,
  };
}

/** Waits in real time for a phase; the time-skipping server stands still meanwhile. */
async function until(handle: WorkflowHandle, phase: string): Promise<any> {
  for (let i = 0; i < 400; i++) {
    const doc = await handle.query<any>('status');
    if (doc.phase === phase) return doc;
    await new Promise((r) => setTimeout(r, 25));
  }
  throw new Error(`never reached ${phase}`);
}
