/** Collects keys to look at, each once, and looks at them shortly after. */
export interface LookQueue {
  add(key: string): void;
  stop(): void;
}

const flushAfterMs = 15;

export function lookQueue(look: (key: string) => void, onError: (error: unknown) => void): LookQueue {
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const flush = (): void => {
    timer = undefined;
    const keys = [...waiting];
    waiting.clear();
    for (const key of keys) {
      try {
        look(key);
      } catch (error) {
        onError(error);
      }
    }
  };
  return {
    add(key) {
      if (isStopped) return;
      waiting.add(key);
      timer ??= setTimeout(flush, flushAfterMs);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
