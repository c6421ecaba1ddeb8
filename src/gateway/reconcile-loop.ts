import type { Logger } from '../adapters/telemetry/logger.js';
import { againAndAgain } from './again-and-again.js';
import { createInOrder } from './in-order.js';
import type { AlertReconciliation } from './reconcile-alerts.js';

/** How often we look whether Temporal and the store are there, and whether it is time. */
const TICK_MS = 5_000;
/** Who could not be asked is asked again sooner. */
const RETRY_MS = 30_000;
/** A storm of truncated groups is one question. */
const SOON_MS = 1_000;

export interface ReconcileLoop {
  start(): void;
  /** Something was left out of a delivery: fetches the rest in a moment. */
  takeSoon(): void;
  stop(): Promise<void>;
}

interface Parts {
  reconciliation: AlertReconciliation;
  /** Are Temporal and the store there, so that something can be handed over. */
  isAble(): Promise<boolean>;
  everyMs: number;
  logger: Pick<Logger, 'warn'>;
  tickMs?: number;
  soonMs?: number;
  nowMs?: () => number;
}

/** Compares at the start, after an outage of ours, and every `everyMs`; one comparison at a time. */
export function reconcileLoop({ reconciliation, isAble, everyMs, logger, tickMs = Math.min(TICK_MS, everyMs), soonMs = SOON_MS, nowMs = Date.now }: Parts): ReconcileLoop {
  const inOrder = createInOrder();
  let dueAtMs = 0;
  let soon: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function attempt(takesOnly: boolean): Promise<void> {
    if (isStopped) return;
    const retryAtMs = nowMs() + Math.min(everyMs, RETRY_MS);
    try {
      const { isAnswered } = await reconciliation.reconcile({ takesOnly });
      if (!takesOnly) dueAtMs = isAnswered ? nowMs() + everyMs : retryAtMs;
      else if (!isAnswered) dueAtMs = Math.min(dueAtMs, retryAtMs);
    } catch (error) {
      // Ours: as soon as whoever is away is back.
      dueAtMs = 0;
      logger.warn({ err: error }, 'what AlertManager fires could not be handed over; tried again in a moment');
    }
  }

  async function tick(): Promise<void> {
    if (!(await isAble())) dueAtMs = 0;
    else if (nowMs() >= dueAtMs) await inOrder('', () => attempt(false));
  }

  const ticks = againAndAgain(tick, { everyMs: tickMs, firstMs: 0, onError: (error) => logger.warn({ err: error }, 'comparing with AlertManager failed; tried again in a moment') });

  return {
    start: ticks.start,
    takeSoon() {
      if (isStopped) return;
      soon ??= setTimeout(() => {
        soon = undefined;
        void inOrder('', () => attempt(true));
      }, soonMs).unref();
    },
    async stop() {
      isStopped = true;
      clearTimeout(soon);
      await ticks.stop();
      await inOrder('', async () => undefined);
    },
  };
}
