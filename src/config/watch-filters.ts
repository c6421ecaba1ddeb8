import { unwatchFile, watchFile } from 'node:fs';
import { loadFilters, type LoadedFilters } from './filters.js';

export interface FilterWatch {
  /** The rules in force. */
  current(): LoadedFilters;
  /** What is wrong with the file, for `/ready`; undefined while it is good. */
  issue(): string | undefined;
  /** Reads the file now. */
  check(): void;
  stop(): void;
}

export interface FilterWatchOptions {
  intervalMs?: number;
  onChange?(filters: LoadedFilters): void;
  /** Gets a KubernautError ConfigInvalid, once for each way of being wrong. */
  onError?(error: unknown): void;
}

/**
 * The rules of a file and the shipped ones, re-read when the file changes; a bad or vanished file keeps the old rules. Without
 * a file: the shipped ones, for good. Throws ConfigInvalid when the file is bad at the start. Polled, as the policy is.
 */
export function watchFilters(file: string | undefined, { intervalMs = 1000, onChange, onError }: FilterWatchOptions = {}): FilterWatch {
  let filters = loadFilters(file);
  let issue: string | undefined;
  const check = (): void => {
    try {
      const next = loadFilters(file);
      issue = undefined;
      if (textOf(next) === textOf(filters)) return;
      filters = next;
      onChange?.(filters);
    } catch (error) {
      const text = `the filter file ${file} is bad, the old rules stay in force: ${(error as Error).message}`;
      if (text !== issue) onError?.(error);
      issue = text;
    }
  };
  const stopWatching = file === undefined ? () => undefined : poll(file, intervalMs, check);
  return { current: () => filters, issue: () => issue, check, stop: stopWatching };
}

function poll(file: string, intervalMs: number, check: () => void): () => void {
  watchFile(file, { interval: intervalMs, persistent: false }, check);
  // A change between the load and the first poll has no earlier state to differ from: look once more.
  const once = setTimeout(check, intervalMs * 2).unref();
  return () => {
    clearTimeout(once);
    unwatchFile(file, check);
  };
}

/** An expression is as its source. */
const textOf = ({ rules }: LoadedFilters): string => JSON.stringify(rules);
