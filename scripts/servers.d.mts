/** `alertmanager`: an AlertManager; `postgres`: the folder of its programs, pgvector included; the others: an executable. */
export type ServerName = 'temporal' | 'control-plane' | 'test-server' | 'postgres' | 'alertmanager' | 'kubectl' | 'prometheus';

export interface Progress {
  server: string;
  /** Which way of the chain, e.g. `go build of sandbox/control-plane`. */
  way: string;
  /** `running` repeats every second while the way is tried. */
  state: 'running' | 'done' | 'failed';
  /** The latest line of what runs; the path when done; the reason when failed. */
  detail: string;
  /** Of this way. */
  elapsedMs: number;
}

export interface EnsuredServer {
  path: string;
  /** The way that worked. */
  how: string;
  elapsedMs: number;
}

export interface EnsureOptions {
  onProgress?: (event: Progress) => void;
}

/** The message lists every way tried, what each said, and what to install. */
export class ChainFailed extends Error {
  readonly code: 'DependencyMissing';
  readonly server: string;
  readonly attempts: readonly { way: string; reason: string; elapsedMs: number }[];
}

export const SERVER_NAMES: readonly ServerName[];
export const NEEDED_TO_START: readonly ServerName[];

/** Resolves with where the server is, getting it first when necessary. Throws ChainFailed when no way worked. */
export function ensureServer(name: ServerName, options?: EnsureOptions): Promise<EnsuredServer>;
export function ensureServers(names: readonly ServerName[], options?: EnsureOptions): Promise<Partial<Record<ServerName, EnsuredServer>>>;

/** Path of an AlertManager that is installed on this machine. */
export function installedAlertManager(): string | undefined;
