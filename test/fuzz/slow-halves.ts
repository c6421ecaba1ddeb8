import { API_TOKENS } from './settings.js';
import { openLine, type Line } from './wire.js';

const AUTHORIZED = `Host: 127.0.0.1\r\nAuthorization: Bearer ${API_TOKENS[0]!}\r\n`;

/** Requests that begin and never end, with one byte now and then at most: the gateway must hang up by itself. */
const HALVES: readonly (readonly [what: string, begin: string, trickle?: string])[] = [
  ['half a head', `GET /health HTTP/1.1\r\n${AUTHORIZED}`],
  ['half a head that trickles', `GET /health HTTP/1.1\r\n${AUTHORIZED}X-Slow: `, 'a'],
  ['half a request line', 'POST /ale'],
  ['half a body', `POST /alerts HTTP/1.1\r\n${AUTHORIZED}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"alerts":[`],
  ['half a body that trickles', `POST /alerts HTTP/1.1\r\n${AUTHORIZED}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n`, ' '],
  ['half a chunk', `POST /api/v1/pauses HTTP/1.1\r\n${AUTHORIZED}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{`],
  ['a stranger who trickles', 'POST /api/v1/signals/grafana HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n', 'x'],
];

const TRICKLE_MS = 500;

export interface SlowHalf {
  what: string;
  line: Line;
  stop(): void;
}

export const openSlowHalves = (port: number): SlowHalf[] =>
  HALVES.flatMap((half) => Array.from({ length: 3 }, () => half)).map(([what, begin, trickle]) => {
    const line = openLine(port);
    line.write(Buffer.from(begin));
    const timer = trickle === undefined ? undefined : setInterval(() => line.write(Buffer.from(trickle)), TRICKLE_MS).unref();
    return { what, line, stop: () => (clearInterval(timer), line.destroy()) };
  });

/** Those that the gateway still holds after so long. */
export async function stillHeld(halves: readonly SlowHalf[], withinMs: number): Promise<string[]> {
  const timeout = new Promise<void>((resolve) => setTimeout(resolve, withinMs).unref());
  const held = await Promise.all(halves.map(async ({ what, line }) => Promise.race([line.closed.then(() => undefined), timeout.then(() => what)])));
  halves.forEach((half) => half.stop());
  return held.filter((what) => what !== undefined);
}
