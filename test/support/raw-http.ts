import { connect, type Socket } from 'node:net';

/** HTTP byte by byte, for what no client would send. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** All bytes of answers in a row, each with a Content-Length. */
export function answersIn(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`no answer: ${rest.toString('latin1').slice(0, 200)}`);
    const [first, ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(lines.map((l) => [l.slice(0, l.indexOf(':')).toLowerCase(), l.slice(l.indexOf(':') + 1).trim()]));
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first!)?.[1]);
    const bodyEnd = end + 4 + (status === 100 ? 0 : Number(headers['content-length']));
    if (status !== 100) answers.push({ status, headers, body: rest.subarray(end + 4, bodyEnd).toString('utf8') });
    rest = rest.subarray(bodyEnd);
  }
  return answers;
}

export interface RawConnection {
  socket: Socket;
  write(bytes: string | Buffer): void;
  /** What came so far. */
  answers(): RawAnswer[];
  /** When the other side has closed or reset, everything that came before. */
  closed: Promise<RawAnswer[]>;
}

export function openRaw(port: number): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const answers = () => answersIn(Buffer.concat(chunks));
    const closed = new Promise<RawAnswer[]>((done) => socket.on('close', () => done(answers())).on('end', () => done(answers())));
    socket.on('data', (d: Buffer) => chunks.push(d));
    socket.once('error', reject).on('error', () => undefined);
    socket.on('connect', () => resolve({ socket, write: (bytes) => void (socket.writable && socket.write(bytes)), answers, closed }));
  });
}

/** Sends these bytes on a connection of its own, and waits until the other side has closed it. */
export async function rawExchange(port: number, ...bytes: (string | Buffer)[]): Promise<RawAnswer[]> {
  const connection = await openRaw(port);
  for (const b of bytes) connection.write(b);
  const answers = await connection.closed;
  connection.socket.destroy();
  return answers;
}

/** Header lines of a POST with a good token; a line of the same name replaces, an empty value leaves out. */
export function headOf(lines: Record<string, string> = {}, { path = '/alerts', token = 'test-token', method = 'POST' } = {}): string {
  const all = { Host: 'gateway', Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', Connection: 'close', ...lines };
  return [`${method} ${path} HTTP/1.1`, ...Object.entries(all).filter(([, v]) => v !== '').map(([k, v]) => `${k}: ${v}`), '', ''].join('\r\n');
}

/** A whole POST. */
export function postOf(body: string | Buffer, lines: Record<string, string> = {}, to: Parameters<typeof headOf>[1] = {}): Buffer {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([Buffer.from(headOf({ 'Content-Length': String(bytes.length), ...lines }, to)), bytes]);
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; ; ) {
    if (await isSo()) return;
    if (Date.now() > end) throw new Error(`still not so: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
