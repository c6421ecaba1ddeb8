/** One request as it goes over the wire, and what may be expected of its answer. */
export interface FuzzRequest {
  /** What it was meant to be, for messages: `good POST /alerts`. */
  about: string;
  bytes: Buffer;
  method: string;
  /**
   * `piped`: exactly one answer, on a connection that goes on. `alone`: strange to HTTP itself, on a connection of its own.
   * `cut`: ends in the middle.
   */
  wire: 'piped' | 'alone' | 'cut';
  /** The route that it certainly reaches, as OpenAPI writes it. */
  route?: string;
  /** The one id it was sent with, where it must come back. */
  requestId?: string;
  /** Complete, allowed and within every schema. */
  isGood?: boolean;
}

export interface Parts {
  method: string;
  target: string;
  headers: readonly (readonly [string, string])[];
  body?: Buffer;
  version?: string;
}

export function bytesOf({ method, target, headers, body, version = 'HTTP/1.1' }: Parts): Buffer {
  const head = [`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
  // Header text goes out byte by byte: what is beyond Latin-1 was encoded by whoever made it.
  return Buffer.concat([Buffer.from(head, 'latin1'), ...(body ? [body] : [])]);
}

/** Bytes that can be read in a message and put into a test: `\x00` for what is not printable. */
export const escaped = (bytes: Buffer, most = 1500): string => {
  const text = bytes.subarray(0, most).toString('latin1').replace(/\\/g, '\\\\').replace(/\r/g, '\\r').replace(/\n/g, '\\n\n').replace(/[^\n\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return bytes.length > most ? `${text}… (${String(bytes.length)} bytes)` : text;
};
