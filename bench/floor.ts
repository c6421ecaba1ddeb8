import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { KubeClient } from '../sandbox/simulator/kube-client.js';
import { poke, type bare, type idle, type steps } from './workflows/bare.js';

export const FLOOR_MARK = 'bench.kubernaut.io/mark';
const QUEUE = 'bench-floor';
const WORKFLOWS = ['./workflows/bare.js', './workflows/bare.ts'].map((p) => fileURLToPath(new URL(p, import.meta.url)));

export interface Floor {
  /** Starts one bare workflow and waits for its end. Resolves with when it was asked for, ms since the epoch. */
  run(id: string, isLocal: boolean): Promise<number>;
  /** From asking for a workflow of `count` empty local activities until the last is done, ms. */
  steps(id: string, count: number): Promise<number>;
  /** How long a bare signal-with-start takes to be answered, ms. */
  start(id: string): Promise<number>;
  stop(): Promise<void>;
}

/** A worker of its own, on its own queue and bundle, for workflows that do nothing but be workflows. */
export async function startFloor(temporal: { address: string; namespace: string }, client: Client, kube: KubeClient, targetPath: string): Promise<Floor> {
  Runtime.install({ logger: new DefaultLogger('WARN'), telemetryOptions: { logging: { forward: {}, filter: 'WARN' } }, shutdownSignals: [] });
  const connection = await NativeConnection.connect({ address: temporal.address });
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: QUEUE,
    workflowBundle: await bundleWorkflowCode({ workflowsPath: WORKFLOWS.find((p) => existsSync(p))!, logger: new DefaultLogger('WARN') }),
    activities: {
      noop: async () => undefined,
      patch: async (mark: string) => void (await kube.request('merge', targetPath, { metadata: { annotations: { [FLOOR_MARK]: mark } } })),
    },
  });
  const running = worker.run();
  const options = { taskQueue: QUEUE, workflowIdConflictPolicy: 'USE_EXISTING' as const, signal: poke };
  return {
    async run(id, isLocal) {
      const at = Date.now();
      const handle = await client.workflow.signalWithStart<typeof bare>('bare', { ...options, workflowId: id, args: [id, isLocal] });
      await handle.result();
      return at;
    },
    async steps(id, count) {
      const at = Date.now();
      const handle = await client.workflow.signalWithStart<typeof steps>('steps', { ...options, workflowId: id, args: [count] });
      return (await handle.result()) - at;
    },
    async start(id) {
      const at = performance.now();
      await client.workflow.signalWithStart<typeof idle>('idle', { ...options, workflowId: id, args: [] });
      return performance.now() - at;
    },
    async stop() {
      worker.shutdown();
      await running.finally(() => connection.close());
    },
  };
}
