import { connect, type Socket } from 'node:net';
import type { FuzzRequest } from './request.js';

/** An answer as it came over the wire. */
export interface Response {
  status: number;
  headers: readonly (readonly [string, string])[];
  body: Buffer;
}

export const headerOf = ({ headers }: Pick<Response, 'headers'>, name: string): string | undefined => headers.find(([n]) => n.toLowerCase() === name)?.[1];

export class Unreadable extends Error {}

/** The connection ended in the middle of an answer: what a server does when the client hangs up first. */
export class CutShort extends Unreadable {}

interface Frame {
  response: Response;
  /** Where the next one begins. */
  end: number;
}

/** Strict: what this cannot read, a proxy in front of us could read as something else. Undefined: more must come. */
export function readResponse(bytes: Buffer, method: string, isEnded: boolean): Frame | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [line = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 ([1-5]\d\d) [\x20-\x7e]*$/.exec(line)?.[1]);
  if (Number.isNaN(status)) throw new Unreadable(`the status line is ${JSON.stringify(line.slice(0, 100))}`);
  const headers = lines.map((text): [string, string] => {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)$/.exec(text);
    if (!match) throw new Unreadable(`a header is ${JSON.stringify(text.slice(0, 100))}`);
    return [match[1]!, match[2]!];
  });
  const body = bodyOf(bytes, headEnd + 4, { status, headers, body: Buffer.alloc(0) }, { method, isEnded });
  return body && { response: { status, headers, body: body.bytes }, end: body.end };
}

function bodyOf(bytes: Buffer, start: number, head: Response, { method, isEnded }: { method: string; isEnded: boolean }): { bytes: Buffer; end: number } | undefined {
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) return { bytes: Buffer.alloc(0), end: start };
  if (headerOf(head, 'transfer-encoding') !== undefined) return chunksOf(bytes, start);
  const length = headerOf(head, 'content-length');
  if (length === undefined) return isEnded ? { bytes: bytes.subarray(start), end: bytes.length } : undefined;
  if (!/^\d+$/.test(length)) throw new Unreadable(`its Content-Length is ${length}`);
  const end = start + Number(length);
  return bytes.length < end ? undefined : { bytes: bytes.subarray(start, end), end };
}

function chunksOf(bytes: Buffer, start: number): { bytes: Buffer; end: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = bytes.subarray(at, lineEnd).toString('latin1');
    if (!/^[0-9a-fA-F]+$/.test(size)) throw new Unreadable(`the size of a chunk is ${JSON.stringify(size.slice(0, 20))}`);
    const end = lineEnd + 2 + parseInt(size, 16);
    if (bytes.length < end + 2) return undefined;
    if (parseInt(size, 16) === 0) return { bytes: Buffer.concat(parts), end: end + 2 };
    parts.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}

/** One connection, fed by hand. */
export interface Line {
  write(bytes: Buffer): void;
  /** The next final answer to a request of this method; undefined when the connection ends before it. Rejects when neither comes in time. */
  next(method: string, withinMs: number): Promise<Response | undefined>;
  /** Says that nothing more will be sent. */
  end(): void;
  destroy(): void;
  readonly isOpen: boolean;
  readonly closed: Promise<void>;
}

export class NoAnswer extends Error {}

export function openLine(port: number): Line {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let received: Buffer = Buffer.alloc(0);
  let isEnded = false;
  let isBodyOfError = false;
  let wake: () => void = () => undefined;
  const over = (): void => {
    isEnded = true;
    wake();
  };
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    wake();
  });
  socket.on('error', over).on('end', () => (over(), socket.end())).on('close', over);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));

  function take(method: string): Response | undefined {
    for (;;) {
      if (isBodyOfError) return undefined;
      const frame = readResponse(received, method, isEnded);
      if (!frame) return undefined;
      received = received.subarray(frame.end);
      // What cannot be read is refused before anybody knows that it was a HEAD.
      isBodyOfError = method === 'HEAD' && frame.response.status >= 400 && headerOf(frame.response, 'connection') === 'close';
      if (frame.response.status >= 200) return frame.response;
    }
  }

  return {
    write: (bytes) => void (socket.writable && socket.write(bytes)),
    async next(method, withinMs) {
      const late = Date.now() + withinMs;
      for (;;) {
        const response = take(method);
        if (response) return response;
        if (isEnded) {
          if (received.length > 0 && !isBodyOfError) throw new CutShort(`the connection ended in the middle of an answer: ${JSON.stringify(received.subarray(0, 200).toString('latin1'))}`);
          return undefined;
        }
        const left = late - Date.now();
        if (left <= 0) throw new NoAnswer(`neither an answer nor the end of the connection within ${String(withinMs)} ms`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => (clearTimeout(timer), resolve());
        });
      }
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    get isOpen() {
      return !isEnded && socket.writable;
    },
    closed,
  };
}

/** Follows what is strange to HTTP: it is answered only if the gateway still knows where one request ends. */
export const SENTINEL: FuzzRequest = {
  about: 'sentinel', method: 'GET', wire: 'alone', route: '/health', requestId: 'fuzz-sentinel',
  bytes: Buffer.from('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-ID: fuzz-sentinel\r\nConnection: close\r\n\r\n'),
};
