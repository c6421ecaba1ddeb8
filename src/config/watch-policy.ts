import { unwatchFile, watchFile } from 'node:fs';
import type { Policy } from '../domain/policy.js';
import { loadWithOrigins, type LoadOptions } from './load.js';

export interface PolicyWatch {
  /** The rules in force. */
  current(): Policy;
  /** What is wrong with the file, for `/ready`; undefined while it is good. */
  issue(): string | undefined;
  /** Reads the file now (also what a test or SIGHUP does). */
  check(): void;
  stop(): void;
}

/**
 * Re-reads the policy part of the file when it changes. A bad or vanished file keeps the old rules. Polled, because a
 * ConfigMap volume swaps a symlink two levels up, which file events miss.
 *
 * `onError` gets a KubernautError ConfigInvalid.
 */
export function watchPolicy(
  options: LoadOptions & { file: string; intervalMs?: number },
  initial: Policy,
  onChange: (policy: Policy) => void,
  onError: (error: unknown) => void,
): PolicyWatch {
  let policy = initial;
  let issue: string | undefined;
  const check = () => {
    try {
      const next = loadWithOrigins(options).config.policy;
      issue = undefined;
      if (JSON.stringify(next) === JSON.stringify(policy)) return;
      policy = next;
      onChange(policy);
    } catch (error) {
      issue = `the policy file ${options.file} is bad, the old rules stay in force: ${(error as Error).message}`;
      onError(error);
    }
  };
  const intervalMs = options.intervalMs ?? 1000;
  watchFile(options.file, { interval: intervalMs, persistent: false }, check);
  // A change between the load and the first poll has no earlier state to differ from: look once more.
  const once = setTimeout(check, intervalMs * 2).unref();
  const stop = (): void => {
    clearTimeout(once);
    unwatchFile(options.file, check);
  };
  return { current: () => policy, issue: () => issue, check, stop };
}
