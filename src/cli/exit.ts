import { isKubernautError, type KubernautError } from '../domain/errors.js';

/** 0 done · 1 the thing asked about failed · 2 wrong use · 3 a dependency is out of reach · 4 timed out (product.md 8). */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, timedOut: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a command throws to end with a code and one line. */
export class Exit extends Error {
  override readonly name = 'Exit';
  constructor(
    readonly code: ExitCode,
    message: string,
    /** The gateway's own error code, where it was the one who refused. */
    readonly errorCode?: string,
  ) {
    super(message);
  }
}

const UNREACHABLE = new Set(['StoreUnavailable', 'VectorsUnavailable', 'TemporalUnavailable', 'K8sUnavailable', 'DependencyMissing', 'Overloaded']);
const USAGE = new Set(['InvalidParams', 'BadRequest', 'ConfigInvalid']);

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Exit) return error.code;
  if (!isKubernautError(error)) return EXIT.failed;
  const { code } = error as KubernautError;
  if (UNREACHABLE.has(code)) return EXIT.unreachable;
  return USAGE.has(code) ? EXIT.usage : EXIT.failed;
}
