import type { GatewayDeps } from './deps.js';
import type { Intake } from './intake.js';

const EVERY_MS = 5_000;
/** Longer than any hand-over takes: what is under way is not taken twice. */
const WAITED_MS = 20_000;
/** At a time: the rest a moment later. */
const MOST = 200;

export interface Redrive {
  /** Once; how many found their way. */
  look(): Promise<number>;
  start(): void;
  stop(): Promise<void>;
}

type Deps = Pick<GatewayDeps, 'store' | 'logger'> & { intake: Pick<Intake, 'again'>; everyMs?: number; waitedMs?: number };

/**
 * Brings on what lies in the inbox: left there by a process that died, or by an outage after which nobody sent it again.
 * Runs in every gateway; the store gives each signal to one of them.
 */
export function createRedrive({ store, logger, intake, everyMs = EVERY_MS, waitedMs = WAITED_MS }: Deps): Redrive {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;
  let isStopped = false;

  async function look(): Promise<number> {
    const symptoms = await store.releaseSymptoms();
    if (symptoms > 0) logger.info({ signals: symptoms }, 'symptoms whose root is over, or took long, go their own way');
    const signals = await store.claimWaiting({ olderThanMs: waitedMs, limit: MOST });
    if (signals.length === 0) return 0;
    const results = await intake.again(signals);
    logger.info({ signals: signals.length, brought: results }, 'signals that waited in the inbox were taken up again');
    return results;
  }

  function again(): void {
    if (isStopped) return;
    timer = setTimeout(() => {
      running = look()
        .catch((error: unknown) => logger.debug({ err: error }, 'the inbox cannot be looked at or emptied now; tried again in a moment'))
        .finally(again);
    }, everyMs).unref();
  }

  return {
    look,
    start: again,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
