import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger };

export interface LogSettings {
  level: string;
  format: 'json' | 'text';
  /** Default: standard output. */
  destination?: DestinationStream;
}

/** Never in a log, wherever they occur. */
const HIDDEN = ['authorization', 'cookie', 'token', 'password', 'apiKey', 'secret'].flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** One line per entry: JSON for machines, or `12:01:02 info  message  key=value` for people. */
export function createLogger({ level, format, destination }: LogSettings): Logger {
  const to = destination ?? pino.destination(1);
  return pino(
    { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) }, redact: { paths: HIDDEN, censor: '***' } },
    format === 'text' ? { write: (line: string) => to.write(`${readable(line)}\n`) } : to,
  );
}

/** Values are quoted as JSON: text from outside cannot move the cursor or forge a line. */
export function readable(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const more = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const message = JSON.stringify(String(msg ?? '')).slice(1, -1).replaceAll('\\"', '"');
  return [String(time).slice(11, 19), String(level).padEnd(5), message, ...more].join('  ');
}
