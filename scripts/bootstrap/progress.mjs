import { seconds } from './chain.mjs';

const PLAIN_EVERY_MS = 30_000;
const CLEAR_LINE = '\r\x1b[2K';

/**
 * Shows progress on a stream: on a terminal one line that lives, elsewhere a plain line at the start of something long,
 * every 30 s, and at the end. Ways that fail at once are shown only when nothing else worked, in the error.
 *
 * @param {NodeJS.WriteStream} [stream]
 * @returns {(event: import('../servers.mjs').Progress) => void}
 */
export function progressPrinter(stream = process.stderr) {
  return stream.isTTY ? liveLine(stream) : plainLines(stream);
}

function liveLine(stream) {
  return (event) => {
    const width = (stream.columns ?? 80) - 1;
    stream.write(CLEAR_LINE + text(event).slice(0, width));
    if (event.state === 'done' || isWorthALine(event)) stream.write('\n');
  };
}

function plainLines(stream) {
  let nextAtMs = 0;
  return (event) => {
    if (event.state === 'running' && event.elapsedMs < PLAIN_EVERY_MS / 10) return void (nextAtMs = PLAIN_EVERY_MS / 10);
    if (event.state === 'running' && event.elapsedMs < nextAtMs) return;
    if (event.state === 'failed' && !isWorthALine(event)) return;
    if (event.state === 'running') nextAtMs = event.elapsedMs + PLAIN_EVERY_MS;
    stream.write(`${text(event)}\n`);
  };
}

const isWorthALine = (event) => event.state === 'failed' && event.elapsedMs > 1_000;

const MARKS = { running: '…', done: '✓', failed: '✗' };

function text({ server, way, state, detail, elapsedMs }) {
  const more = detail === '' ? '' : ` · ${detail.split('\n')[0]}`;
  return `${MARKS[state]} ${server}: ${way} ${seconds(elapsedMs)}${more}`;
}

/** Runs a step of its own (install, build) under the same display. */
export async function showStep(name, way, onProgress, step) {
  const startedAt = Date.now();
  let latest = '';
  const tell = (state, detail) => onProgress({ server: name, way, state, detail, elapsedMs: Date.now() - startedAt });
  const ticker = setInterval(() => tell('running', latest), 1_000);
  try {
    tell('running', latest);
    const result = await step((detail) => (latest = detail));
    tell('done', '');
    return result;
  } catch (error) {
    tell('failed', error.message);
    throw error;
  } finally {
    clearInterval(ticker);
  }
}
