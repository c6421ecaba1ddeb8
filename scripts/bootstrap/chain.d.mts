import type { EnsuredServer, Progress } from '../servers.mjs';

export { ChainFailed } from '../servers.mjs';

export interface Way {
  way: string;
  /** Resolves with a path, or rejects with why not. `say` gives the latest line for the display. */
  attempt(say: (detail: string) => void): Promise<string>;
}

export function runChain(chain: {
  server: string;
  /** What to install when nothing works. */
  advice: string;
  ways: readonly Way[];
  onProgress?: (event: Progress) => void;
}): Promise<EnsuredServer>;

export function seconds(ms: number): string;
