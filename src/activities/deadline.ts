export interface Deadline {
  signal: AbortSignal;
  clear(): void;
}

/** Aborts with `reason` after `ms`, unless cleared. (`AbortSignal.timeout` cannot carry a reason of ours.) */
export function deadlineIn(ms: number, reason: unknown): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(reason), ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
