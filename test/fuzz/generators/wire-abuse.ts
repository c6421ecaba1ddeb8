import type { Random } from '../random.js';
import type { FuzzRequest } from '../request.js';

/** What is between the head and the body, and where a line ends. */
const HEAD_END = '\r\n\r\n';

/** The request as HTTP itself would not have it: lengths that lie, transfer codings, broken lines, ends in the middle. */
export function abused(request: FuzzRequest, random: Random): FuzzRequest {
  const end = request.bytes.indexOf(HEAD_END);
  const head = request.bytes.subarray(0, end).toString('latin1');
  const body = request.bytes.subarray(end + HEAD_END.length);
  const lines = head.split('\r\n');
  const withHead = (changed: readonly string[], after: Buffer = body): Buffer => Buffer.concat([Buffer.from(changed.join('\r\n') + HEAD_END, 'latin1'), after]);
  const without = (name: string): string[] => lines.filter((l) => !l.toLowerCase().startsWith(`${name}:`));
  const unframed = without('content-length');
  const [first = '', ...rest] = lines;
  // What its method is by now says only how long the answer is.
  const alone = (bytes: Buffer): FuzzRequest => ({ about: request.about, method: /^[\r\n]*HEAD /.test(bytes.subarray(0, 20).toString('latin1')) ? 'HEAD' : 'GET', bytes, wire: 'alone' });
  const cut = (bytes: Buffer): FuzzRequest => ({ ...alone(bytes), wire: 'cut' });
  return random.weighted<() => FuzzRequest>([
    [6, () => cut(request.bytes.subarray(0, random.int(request.bytes.length)))],
    [3, () => cut(request.bytes.subarray(0, end + 4 + random.int(body.length + 1)))],
    [4, () => alone(flipped(request.bytes, random, request.bytes.length))],
    [4, () => alone(flipped(request.bytes, random, end))],
    [2, () => alone(withHead([...unframed, `Content-Length: ${random.pick(['-1', '+5', '1e3', '0x10', ' ', '00012', '99999999999999999999', '9007199254740993', String(body.length + 7), String(Math.max(0, body.length - 3)), `${String(body.length)}, ${String(body.length)}`])}`]))],
    [1, () => alone(withHead([...lines, `Content-Length: ${String(body.length + 1)}`]))],
    [3, () => alone(withHead([...unframed, 'Transfer-Encoding: chunked'], chunked(body, random)))],
    [2, () => alone(withHead([...lines, `Transfer-Encoding: ${random.pick(['chunked', 'identity', 'gzip, chunked', 'chunked, gzip', 'xchunked', ' chunked', 'chunked\t'])}`], chunked(body, random)))],
    [1, () => alone(withHead([first, ...rest.filter((l) => !l.startsWith('Host'))]))],
    [1, () => alone(withHead([...lines, 'Host: other.example.com']))],
    [1, () => alone(withHead([first.replace('HTTP/1.1', random.pick(['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', 'HTCPCP/1.0', ''])), ...rest]))],
    [1, () => alone(withHead([first.replace(/^\S+/, random.pick(['FOO', 'get', 'CONNECT', 'PRI', 'TRACE', 'QUERY', '', 'G\x00T', 'A'.repeat(5000)])), ...rest]))],
    [1, () => alone(withHead([...lines, `Expect: ${random.pick(['100-continue', '200-ok', 'x'])}`]))],
    [1, () => alone(withHead([...lines, 'Connection: Upgrade', `Upgrade: ${random.pick(['websocket', 'h2c', 'TLS/1.2'])}`, 'HTTP2-Settings: AAMAAABkAAQAAP__']))],
    [1, () => alone(withHead([...lines, `Connection: ${random.pick(['close', 'keep-alive, close', 'x-request-id', 'transfer-encoding'])}`]))],
    [1, () => alone(withHead([...lines, ' folded: line', '\tand another']))],
    [1, () => alone(withHead([...lines, random.pick(['no colon', ': no name', 'na me: x', 'x\x00y: z', 'x: a\x00b', 'x: a\nb: c', 'x: a\rb', 'Content-Length : 3', 'x: \xff\xfe'])]))],
    [1, () => alone(withHead([...lines, `X-Long: ${'a'.repeat(random.pick([8_000, 20_000, 70_000]))}`]))],
    [1, () => alone(withHead([...lines, ...Array.from({ length: 2500 }, (_, i) => `X-${String(i)}: y`)]))],
    [1, () => alone(Buffer.from(request.bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'))],
    [1, () => alone(Buffer.concat([Buffer.from(random.pick(['\r\n\r\n', '\n', ' ', '\0', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']), 'latin1'), request.bytes]))],
    [1, () => alone(random.bytes(random.between(1, 400)))],
    [1, () => alone(withHead([...unframed, `Content-Length: ${String(9 * 1024 * 1024)}`]))],
    [1, () => big(alone, unframed, withHead, random)],
  ])();
}

/** Bodies beyond what a route takes, really sent. */
function big(alone: (bytes: Buffer) => FuzzRequest, head: string[], withHead: (lines: string[], body: Buffer) => Buffer, random: Random): FuzzRequest {
  const body = Buffer.alloc(random.pick([257 * 1024, 1025 * 1024, 2 * 1024 * 1024]), random.pick([' ', '[', '"', '0']));
  return alone(withHead([...head, `Content-Length: ${String(body.length)}`], body));
}

function flipped(bytes: Buffer, random: Random, within: number): Buffer {
  const out = Buffer.from(bytes);
  for (let i = random.between(1, 4); i > 0; i--) out[random.int(within)] = random.int(256);
  return random.chance(0.3) ? Buffer.concat([out.subarray(0, random.int(within)), random.bytes(random.between(1, 6)), out.subarray(random.int(within))]) : out;
}

function chunked(body: Buffer, random: Random): Buffer {
  const size = Math.max(1, random.pick([1, 7, body.length]));
  const parts: Buffer[] = [];
  for (let at = 0; at < Math.min(body.length, size * 50); at += size) {
    const chunk = body.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}${random.chance(0.1) ? ';ext="x"' : ''}\r\n`), chunk, Buffer.from('\r\n'));
  }
  const last = random.weighted([[6, '0\r\n\r\n'], [1, '0\r\nX-Request-ID: trailer\r\n\r\n'], [1, '-1\r\n\r\n'], [1, 'ffffffffffffffffff\r\n'], [1, '0\n\n'], [1, 'zz\r\n\r\n'], [1, '']] as const);
  return Buffer.concat([...parts, Buffer.from(last)]);
}
