import { Context } from '@temporalio/activity';

/** Well under the heartbeat timeout of 15 s, so that one lost beat does not count as a dead worker. */
const EVERY_MS = 3000;

/** What travels in each heartbeat and comes back on the next attempt. */
export interface Beat {
  hasWritten: boolean;
  /** The action's own notes (drain: which pods are done). */
  own: unknown;
}

export interface Pulse {
  /** The last beat of an earlier attempt. */
  previous: Beat | undefined;
  keep(own: unknown): void;
  noteWrite(): void;
  stop(): void;
}

/** Heartbeats until stopped: a dead worker is noticed, and a cancellation arrives (Temporal delivers it in the answer). */
export function keepAlive(): Pulse {
  const context = Context.current();
  const previous = context.info.heartbeatDetails as Beat | undefined;
  const beat: Beat = { hasWritten: previous?.hasWritten === true, own: previous?.own };
  const send = (): void => context.heartbeat(beat);
  const timer = setInterval(send, EVERY_MS);
  send();
  return {
    previous,
    keep(own) {
      beat.own = own;
      send();
    },
    noteWrite() {
      if (beat.hasWritten) return;
      beat.hasWritten = true;
      send();
    },
    stop: () => clearInterval(timer),
  };
}
