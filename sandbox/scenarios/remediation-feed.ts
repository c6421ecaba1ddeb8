import { setTimeout as sleep } from 'node:timers/promises';
import type { Remediation } from '../../src/contracts/remediation.js';
import type { Product } from './product.js';

export interface RemediationFeed {
  /** The newest look; `sinceLook` counts looks, so that a reader can wait for a fresh one. */
  latest(): readonly Remediation[];
  /** Resolves after a look that began after now. Throws what the gateway said when it cannot be read. */
  next(): Promise<readonly Remediation[]>;
  stop(): void;
}

const EVERY_MS = 200;

/** One poll for all scenarios that run at once: twenty of them cost the gateway no more than one. */
export function feedOf(product: Product, since: string): RemediationFeed {
  let items: readonly Remediation[] = [];
  let looks = 0;
  let failure: unknown;
  let isStopped = false;
  const loop = async (): Promise<void> => {
    while (!isStopped) {
      try {
        items = await product.remediationsSince(since);
        failure = undefined;
      } catch (error) {
        failure = error;
      }
      looks += 1;
      await sleep(EVERY_MS);
    }
  };
  void loop();
  return {
    latest: () => items,
    next: async () => {
      // The look under way may have begun before now; the one after it has not.
      for (const wanted = looks + 2; looks < wanted && !isStopped; ) await sleep(EVERY_MS / 4);
      if (failure !== undefined) throw failure;
      return items;
    },
    stop: () => {
      isStopped = true;
    },
  };
}
