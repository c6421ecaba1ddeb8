import type { Logger } from '../adapters/telemetry/logger.js';
import { changeBetween, deletionOf, type ObjectChange } from '../domain/changes/object-change.js';
import type { KubeObject } from '../domain/kube.js';
import type { Clock, Store } from '../domain/ports.js';

const EVERY_MS = 5000;
const FORGET_EVERY_MS = 3_600_000;
const KEPT_MS = 7 * 86_400_000;
/** Of one write. What does not fit waits for the next. */
const MOST_AT_ONCE = 500;
/** While the database is away the oldest go: the newest tell most. */
const MOST_WAITING = 5000;

/** Tells the watch cache's edits to the database: nothing while nothing is edited, one statement per five seconds otherwise. */
export interface ChangeRecorder {
  /** `after` is absent when the object is gone. */
  seen(before: KubeObject, after: KubeObject | undefined): void;
  /** Resolves when all that was seen is kept. Throws StoreUnavailable. */
  flush(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export interface ChangeRecorderDeps {
  cluster: string;
  store: Pick<Store, 'recordChanges' | 'forgetChanges'>;
  clock: Clock;
  logger: Pick<Logger, 'warn'>;
  everyMs?: number;
}

export function createChangeRecorder({ cluster, store, clock, logger, everyMs = EVERY_MS }: ChangeRecorderDeps): ChangeRecorder {
  const waiting = new Map<string, ObjectChange>();
  let timer: NodeJS.Timeout | undefined;
  let isTold = false;
  let forgotAtMs = 0;

  function note(change: ObjectChange): void {
    waiting.set(`${change.uid}/${change.version}`, change);
    if (waiting.size > MOST_WAITING) waiting.delete(waiting.keys().next().value!);
  }

  async function flush(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, MOST_AT_ONCE);
      await store.recordChanges(batch.map(([, change]) => change));
      for (const [key, change] of batch) if (waiting.get(key) === change) waiting.delete(key);
    }
  }

  async function forget(): Promise<void> {
    const nowMs = Date.parse(clock.now());
    if (nowMs - forgotAtMs < FORGET_EVERY_MS) return;
    await store.forgetChanges(new Date(nowMs - KEPT_MS).toISOString());
    forgotAtMs = nowMs;
  }

  /** What cannot be kept now is kept later: an outage of the database is told elsewhere, and once here. */
  async function turn(): Promise<void> {
    try {
      await flush();
      await forget();
      isTold = false;
    } catch (error) {
      if (!isTold) logger.warn({ cluster, waiting: waiting.size, error: error instanceof Error ? error.message : String(error) }, 'changes of objects are not recorded for now');
      isTold = true;
    }
    if (timer) timer = setTimeout(() => void turn(), everyMs).unref();
  }

  return {
    seen(before, after) {
      const change = after ? changeBetween(cluster, before, after, clock.now()) : deletionOf(cluster, before, clock.now());
      if (change) note(change);
    },
    flush,
    start() {
      timer = setTimeout(() => void turn(), everyMs).unref();
    },
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await flush().catch(() => undefined);
    },
  };
}
