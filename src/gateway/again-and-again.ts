export interface Repeated {
  start(): void;
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** Runs `everyMs` after it ended the last time; what it throws goes to `onError`, and it goes on. Keeps no process alive. */
export function againAndAgain(run: () => Promise<unknown>, { everyMs, firstMs = everyMs, onError }: { everyMs: number; firstMs?: number; onError(error: unknown): void }): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;
  let isStopped = false;

  function next(afterMs: number): void {
    if (isStopped) return;
    timer = setTimeout(() => {
      running = run()
        .catch(onError)
        .finally(() => next(everyMs));
    }, afterMs).unref();
  }

  return {
    start: () => next(firstMs),
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
