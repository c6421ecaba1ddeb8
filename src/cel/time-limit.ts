import { createContext, Script } from 'node:vm';

/** Ends `run` and throws when it has computed for longer than `ms`. Costs about 60 µs: for what has no other bound. */
export type TimeLimit = <T>(ms: number, run: () => T) => T;

/** Only the interpreter's watchdog can end a computation from outside; what it runs may stand in our own context. */
export function createTimeLimit(): TimeLimit {
  const holder: { run?: () => unknown } = {};
  const context = createContext(holder);
  const script = new Script('run()');
  return <T>(ms: number, run: () => T): T => {
    holder.run = run;
    try {
      return script.runInContext(context, { timeout: ms }) as T;
    } finally {
      holder.run = undefined;
    }
  };
}

export const isTimeout = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
