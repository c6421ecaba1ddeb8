import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Rest } from './rest.js';
import { openConnection } from './connection.js';
import { execInPod } from './exec.js';
import { acceptOf } from './upgrade.js';
import { clientFrame, messageReader, OPCODE } from './websocket.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** A frame of a server, whole unless told otherwise. */
function frame(payload: Buffer, { opcode = OPCODE.binary as number, isFinal = true } = {}): Buffer {
  const head = (isFinal ? 0x80 : 0) | opcode;
  if (payload.length < 126) return Buffer.concat([Buffer.from([head, payload.length]), payload]);
  if (payload.length < 65_536) return Buffer.concat([Buffer.from([head, 126, payload.length >> 8, payload.length & 0xff]), payload]);
  const long = Buffer.alloc(10);
  long[0] = head;
  long[1] = 127;
  long.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([long, payload]);
}

const on = (channel: number, text: string): Buffer => frame(Buffer.concat([Buffer.from([channel]), Buffer.from(text)]));
const SUCCESS = on(3, JSON.stringify({ status: 'Success' }));

describe('messages of a WebSocket', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 1_000_000])('of %d bytes are read whole, however they arrive', (size) => {
    const bytes = frame(Buffer.alloc(size, 7));
    const read = messageReader();
    const cut = Math.floor(bytes.length / 2);
    expect(read(bytes.subarray(0, cut))).toEqual([]);
    expect(read(bytes.subarray(cut)).map((m) => m.payload.length)).toEqual([size]);
  });

  it('are put together from pieces, with control frames between them', () => {
    const read = messageReader();
    const bytes = Buffer.concat([frame(Buffer.from('a'), { isFinal: false }), frame(Buffer.from('!'), { opcode: OPCODE.ping }), frame(Buffer.from('b'), { opcode: 0 })]);
    expect(read(bytes).map(({ opcode, payload }) => [opcode, payload.toString()])).toEqual([[OPCODE.ping, '!'], [OPCODE.binary, 'ab']]);
  });

  it('that are too big end the reading', () => {
    const huge = Buffer.alloc(10);
    huge.set([0x82, 127]);
    huge.writeBigUInt64BE(2n ** 40n, 2);
    expect(() => messageReader()(huge)).toThrow(RangeError);
    const read = messageReader();
    const piece = frame(Buffer.alloc(3_000_000), { isFinal: false });
    read(piece);
    expect(() => read(frame(Buffer.alloc(3_000_000), { opcode: 0 }))).toThrow(RangeError);
  });

  it('of ours are masked', () => {
    const bytes = clientFrame(OPCODE.pong, Buffer.from('hello'));
    expect(bytes[1]).toBe(0x80 | 5);
    const mask = bytes.subarray(2, 6);
    expect(Buffer.from(bytes.subarray(6).map((b, i) => b ^ mask[i % 4]!)).toString()).toBe('hello');
  });
});

describe('a program in a container, when the server is strange', () => {
  let close: (() => void) | undefined;
  afterEach(() => close?.());

  /** Runs one command against a server that answers the upgrade as told. */
  async function against(answer: (socket: Duplex, accept: (protocol?: string) => void) => void, timeoutMs = 1000) {
    const seen: http.IncomingHttpHeaders[] = [];
    const server = http.createServer();
    server.on('upgrade', (request, socket) => {
      seen.push(request.headers);
      socket.on('error', () => undefined);
      const accept = (protocol = 'v4.channel.k8s.io'): void =>
        void socket.write(`HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(request.headers['sec-websocket-key'] ?? '')}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`);
      answer(socket, accept);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'c', server: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, skipTLSVerify: true }, { name: 'u' });
    const connection = openConnection(config, { userAgent: 'kubernaut/x', timeoutMs: 2000 });
    close = () => {
      connection.close();
      server.close();
      server.closeAllConnections();
    };
    const rest = { read: () => Promise.resolve({ metadata: { name: 'p', uid: 'u' } }), pathOf: () => Promise.resolve('/api/v1/namespaces/n/pods/p') } as object as Rest;
    const result = execInPod({ connection, rest, userAgent: 'kubernaut/x action=1' }, { namespace: 'n', name: 'p', uid: 'u' }, { container: 'c', argv: ['df', '/a b'], timeoutMs });
    return { result, seen };
  }

  it('gives both outputs and answers a ping', async () => {
    const { result, seen } = await against((socket, accept) => {
      accept();
      socket.write(Buffer.concat([on(1, ''), on(1, 'out'), frame(Buffer.from('?'), { opcode: OPCODE.ping }), on(2, 'err'), SUCCESS]));
    });
    await expect(result).resolves.toEqual({ exitCode: 0, stdout: 'out', stderr: 'err' });
    expect(seen[0]).toMatchObject({ 'user-agent': 'kubernaut/x action=1' });
  });

  it('keeps 64 KiB of what it says', async () => {
    const { result } = await against((socket, accept) => {
      accept();
      for (let n = 0; n < 10; n++) socket.write(on(1, 'x'.repeat(20_000)));
      socket.write(SUCCESS);
    });
    expect((await result).stdout).toHaveLength(65_536);
  });

  it.each<[string, string, (socket: Duplex, accept: (protocol?: string) => void) => void]>([
    ['OutcomeUnknown', 'closes without a status', (socket, accept) => (accept(), socket.end(on(1, 'half')))],
    ['OutcomeUnknown', 'never ends', (socket, accept) => (accept(), socket.write(on(1, 'half')))],
    ['OutcomeUnknown', 'sends a frame that is no frame', (socket, accept) => (accept(), socket.write(Buffer.from([0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255])))],
    ['OutcomeUnknown', 'speaks another protocol', (_socket, accept) => accept('v5.channel.k8s.io')],
    ['OutcomeUnknown', 'sends a status that is no JSON', (socket, accept) => (accept(), socket.write(on(3, 'Success?')))],
    ['K8sUnavailable', 'has trouble with its runtime', (socket, accept) => (accept(), socket.write(on(3, JSON.stringify({ status: 'Failure', message: 'context deadline exceeded' }))))],
    ['Forbidden', 'refuses in its own words', (socket) => void socket.end(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n${JSON.stringify({ kind: 'Status', message: 'pods "p" is forbidden: User "x" cannot create resource "pods/exec"' })}`)],
    ['K8sUnavailable', 'cannot reach the node', (socket) => void socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\nerror dialing backend')],
    ['OutcomeUnknown', 'breaks the line', (socket) => void socket.destroy()],
  ])('is %s when it %s', async (expected, _what, answer) => {
    const { result } = await against(answer, 300);
    await expect(result).rejects.toEqual(code(expected));
  });

  it('counts the number of a failed command, and 127 for one that is not there', async () => {
    const failed = await against((socket, accept) => (accept(), socket.write(on(3, JSON.stringify({ status: 'Failure', details: { causes: [{ reason: 'ExitCode', message: '3' }] } })))));
    await expect(failed.result).resolves.toMatchObject({ exitCode: 3 });
    close?.();
    const missing = await against((socket, accept) => (accept(), socket.write(on(3, JSON.stringify({ status: 'Failure', message: 'exec: "df": executable file not found in $PATH' })))));
    await expect(missing.result).resolves.toMatchObject({ exitCode: 127 });
  });
});
