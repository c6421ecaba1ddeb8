/** Runs tasks a few at a time, in order of arrival; a failing task is handed to `onError` and forgotten. */
export interface TaskPool {
  run(task: () => Promise<void>): void;
  /** Resolves when nothing is queued or running. */
  idle(): Promise<void>;
}

export function taskPool(limit: number, onError: (error: unknown) => void): TaskPool {
  const queue: (() => Promise<void>)[] = [];
  let active = 0;
  let waiters: (() => void)[] = [];
  const next = (): void => {
    const task = active < limit ? queue.shift() : undefined;
    if (!task) {
      if (active === 0 && queue.length === 0) {
        for (const wake of waiters) wake();
        waiters = [];
      }
      return;
    }
    active++;
    void task()
      .catch(onError)
      .finally(() => {
        active--;
        next();
      });
    next();
  };
  return {
    run: (task) => {
      queue.push(task);
      next();
    },
    idle: () => (active === 0 && queue.length === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  };
}
