import { AsyncLocalStorage } from 'node:async_hooks';
import type { ConnectionLike } from '@temporalio/client';

const calls = new AsyncLocalStorage<{ started?: boolean }>();

/**
 * The server says whether a signal-with-start started a run, the SDK drops that member of the reply. A connection of this kind
 * keeps it, so that "started" or "joined" costs no second request and cannot race with another gateway.
 */
export function keepingStarted<C extends ConnectionLike>(connection: C): C {
  const service = Object.create(connection.workflowService) as C['workflowService'];
  service.signalWithStartWorkflowExecution = (async (request: never) => {
    const reply = await connection.workflowService.signalWithStartWorkflowExecution(request);
    const call = calls.getStore();
    if (call) call.started = reply.started;
    return reply;
  }) as typeof service.signalWithStartWorkflowExecution;
  return new Proxy(connection, {
    get: (target, key) => {
      if (key === 'workflowService') return service;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Runs one signal-with-start over such a connection and tells whether it started a run. */
export async function tellingStarted<T>(run: () => Promise<T>): Promise<{ result: T; started: boolean }> {
  const call: { started?: boolean } = {};
  const result = await calls.run(call, run);
  return { result, started: call.started ?? false };
}
