import { isKubernautError } from '../../domain/errors.js';
import type { Config } from '../../config/schema.js';
import { EXIT, exitCodeOf } from '../exit.js';
import type { Client } from '../client.js';
import type { RunFile } from '../run-file.js';

/** `off`: not used here, which is a normal state. */
export type CheckState = 'ok' | 'warn' | 'fail' | 'off';

export interface Check {
  check: string;
  state: CheckState;
  detail: string;
  /** What to do about it. */
  next?: string;
  /** The other side did not answer: exit code 3. */
  isOutOfReach?: boolean;
}

export interface Ward {
  dataDir: string;
  /** The installation that runs in the data folder. */
  run?: RunFile;
  /** Of that installation, or of `--gateway`. */
  client?: Client;
  /** What Kubernaut is, or would be, started with. */
  config: Config;
  /** May add what is missing. */
  isFixing: boolean;
}

/** A thrown error as a row: what it says, and whether somebody did not answer. */
export function failedCheck(check: string, error: unknown, next?: string): Check {
  const said = error instanceof Error ? error.message : String(error);
  const cause = isKubernautError(error) && error.cause instanceof Error ? ` (${error.cause.message.split('\n')[0]!.slice(0, 160)})` : '';
  const isOutOfReach = exitCodeOf(error) === EXIT.unreachable || exitCodeOf(error) === EXIT.timedOut;
  return { check, state: 'fail', detail: `${said}${cause}`, ...(next === undefined ? {} : { next }), ...(isOutOfReach ? { isOutOfReach } : {}) };
}

/** 3 when somebody did not answer, 1 when something else is wrong, else 0. */
export function doctorExitCode(checks: readonly Check[]): 0 | 1 | 3 {
  const failed = checks.filter((c) => c.state === 'fail');
  if (failed.some((c) => c.isOutOfReach)) return EXIT.unreachable;
  return failed.length > 0 ? EXIT.failed : EXIT.done;
}
