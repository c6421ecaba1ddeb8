import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const ANSWER_TIMEOUT_MS = 6_000;
const STALL_TIMEOUT_MS = 10_000;

/** Fetches a file. A network that refuses or hangs costs at most 10 s: for the answer, and for each silence after it. */
export async function download(url, file, say, answerTimeoutMs = ANSWER_TIMEOUT_MS) {
  const abort = new AbortController();
  const giveUp = (what, ms) => setTimeout(() => abort.abort(new Error(`${new URL(url).host}: ${what} for ${ms / 1000} s`)), ms);
  let timer = giveUp('no answer', answerTimeoutMs);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || response.body === null) throw new Error(`${new URL(url).host} answered ${response.status}`);
    const totalBytes = Number(response.headers.get('content-length') ?? 0);
    let bytes = 0;
    const watch = new Transform({
      transform(chunk, _encoding, done) {
        clearTimeout(timer);
        timer = giveUp('no data', STALL_TIMEOUT_MS);
        bytes += chunk.length;
        say(`${mebibytes(bytes)}${totalBytes > 0 ? ` of ${mebibytes(totalBytes)}` : ''}`);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), watch, createWriteStream(file), { signal: abort.signal });
  } catch (error) {
    throw reasonOf(error, abort.signal, url);
  } finally {
    clearTimeout(timer);
  }
}

const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error, signal, url) {
  if (signal.aborted) return signal.reason;
  const cause = error.cause?.message ?? error.message;
  return new Error(cause.includes(new URL(url).host) ? cause : `${new URL(url).host}: ${cause}`, { cause: error });
}
