import { KubernautError } from '../domain/errors.js';

/** `Response` takes no body with these, not even an empty one. */
const NO_BODY = [101, 204, 205, 304];

/**
 * A fetch that has read the whole body before it returns, up to a limit: a provider that sends a byte per second, or
 * ten megabytes, is cut off by the caller's own signal and by size, not only while the headers are awaited.
 */
export function limitedFetch(maxBytes: number): typeof fetch {
  return async (input, init) => {
    // A redirect would take the prompt, and a key in a header of its own, wherever the answer says.
    const response = await fetch(input, { ...init, redirect: 'manual' });
    const bytes = await bodyOf(response, maxBytes);
    return new Response(bytes.length === 0 || NO_BODY.includes(response.status) ? null : bytes, { status: response.status, statusText: response.statusText, headers: plain(response.headers) });
  };
}

async function bodyOf(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw new KubernautError('ModelAnswerInvalid', { message: `the model's answer is larger than ${maxBytes} bytes`, why: 'too large', fault: 'provider' });
    chunks.push(chunk);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** The body is decoded already: its encoding and length no longer hold. */
function plain(headers: Headers): Headers {
  const copy = new Headers(headers);
  copy.delete('content-encoding');
  copy.delete('content-length');
  return copy;
}
