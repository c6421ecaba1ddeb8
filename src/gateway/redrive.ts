import { againAndAgain, type Repeated } from './again-and-again.js';
import type { GatewayDeps } from './deps.js';
import type { Intake } from './intake.js';

const EVERY_MS = 5_000;
/** Longer than any hand-over takes: what is under way is not taken twice. */
const WAITED_MS = 20_000;
/** At a time: the rest a moment later. */
const MOST = 200;

export interface Redrive extends Repeated {
  /** Once; how many found their way. */
  look(): Promise<number>;
}

type Deps = Pick<GatewayDeps, 'store' | 'logger'> & { intake: Pick<Intake, 'again'>; everyMs?: number; waitedMs?: number };

/**
 * Brings on what lies in the inbox: left there by a process that died, or by an outage after which nobody sent it again.
 * Runs in every gateway; the store gives each signal to one of them.
 */
export function createRedrive({ store, logger, intake, everyMs = EVERY_MS, waitedMs = WAITED_MS }: Deps): Redrive {
  async function look(): Promise<number> {
    const symptoms = await store.releaseSymptoms();
    if (symptoms > 0) logger.info({ signals: symptoms }, 'symptoms whose root is over, or took long, go their own way');
    const signals = await store.claimWaiting({ olderThanMs: waitedMs, limit: MOST });
    if (signals.length === 0) return 0;
    const results = await intake.again(signals);
    logger.info({ signals: signals.length, brought: results }, 'signals that waited in the inbox were taken up again');
    return results;
  }

  const onError = (error: unknown): void => logger.debug({ err: error }, 'the inbox cannot be looked at or emptied now; tried again in a moment');
  return { look, ...againAndAgain(look, { everyMs, onError }) };
}
