import type { Duplex } from 'node:stream';
import type { ExecOptions, ExecResult } from '../../domain/ports.js';
import { describeTarget } from '../../domain/target.js';
import { ApiError, parse, type Connection } from './connection.js';
import { toKubernautError } from './errors.js';
import type { Rest } from './rest.js';
import { openWebSocket } from './upgrade.js';
import { clientFrame, messageReader, OPCODE, type Message } from './websocket.js';
import { sameObjectOrThrow } from './write.js';

export interface ExecDeps {
  connection: Connection;
  rest: Rest;
  /** With the mark of the action: the audit log then says whose command it was. */
  userAgent: string;
}

/**
 * Every kubelet speaks it and every API server passes it through as it is. Version 5 only adds closing our own input,
 * which we never send.
 */
const PROTOCOL = 'v4.channel.k8s.io';
const CHANNEL = { stdout: 1, stderr: 2, status: 3 } as const;
const MAX_OUTPUT_BYTES = 64 * 1024;

type Pod = { namespace: string; name: string; uid: string };

/** `Cluster.exec`. The request cannot carry a uid, so the pod is read right before. */
export async function execInPod({ connection, rest, userAgent }: ExecDeps, { uid, ...at }: Pod, { container, argv, timeoutMs }: Omit<ExecOptions, 'actionId'>): Promise<ExecResult> {
  const ref = { apiVersion: 'v1', kind: 'Pod', ...at };
  sameObjectOrThrow(await rest.read(ref), ref, uid);
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' });
  for (const word of argv) query.append('command', word);
  const path = `${await rest.pathOf(ref)}/exec?${query.toString()}`;
  try {
    return await converse(await connection.stream({ verb: 'get', path, userAgent }, (to) => openWebSocket(to, PROTOCOL)), timeoutMs);
  } catch (error) {
    // a command may have done its work before the line broke: judged like a lost write, not like a lost read
    throw toKubernautError(error, { verb: 'create', about: `${argv[0]} in container ${container} of ${describeTarget(ref)}` });
  }
}

/** Collects both outputs until the status comes; without one nobody knows how it ended. */
function converse(socket: Duplex, timeoutMs: number): Promise<ExecResult> {
  const output = { [CHANNEL.stdout]: collector(), [CHANNEL.stderr]: collector() };
  const read = messageReader();
  return new Promise((resolve, reject) => {
    const lost = (code: string, message: string) => (): void => end(() => reject(new ApiError({ kind: 'transport', isSent: true, code, message })));
    const deadline = setTimeout(lost('ETIMEDOUT', `it did not end within ${timeoutMs} ms`), timeoutMs);
    const end = (settle: () => void): void => {
      clearTimeout(deadline);
      socket.destroy();
      settle();
    };
    const take = ({ opcode, payload }: Message): void => {
      if (opcode === OPCODE.ping) socket.write(clientFrame(OPCODE.pong, payload));
      if (opcode !== OPCODE.binary && opcode !== OPCODE.text) return;
      const channel = payload[0];
      if (channel === CHANNEL.stdout || channel === CHANNEL.stderr) return output[channel].add(payload.subarray(1));
      // an empty message only says that the channel is open
      if (channel !== CHANNEL.status || payload.length < 2) return;
      socket.write(clientFrame(OPCODE.close, Buffer.from([0x03, 0xe8])));
      end(() => settle(payload.subarray(1).toString('utf8')));
    };
    const settle = (status: string): void => {
      const texts = { stdout: output[CHANNEL.stdout].text(), stderr: output[CHANNEL.stderr].text() };
      try {
        resolve(resultOf(status, texts));
      } catch (error) {
        reject(error as Error);
      }
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        read(chunk).forEach(take);
      } catch (error) {
        lost('EPROTO', (error as Error).message)();
      }
    });
    socket.on('error', (error) => lost('ECONNRESET', error.message)());
    socket.on('close', lost('ECONNRESET', 'the connection closed before the command ended'));
  });
}

interface Collector {
  add(bytes: Buffer): void;
  text(): string;
}

/** The first 64 KiB; the rest is read and dropped. */
function collector(): Collector {
  const kept: Buffer[] = [];
  let room = MAX_OUTPUT_BYTES;
  return {
    add(bytes) {
      if (room <= 0) return;
      kept.push(bytes.subarray(0, room));
      room -= bytes.length;
    },
    text: () => Buffer.concat(kept).toString('utf8'),
  };
}

interface Status {
  status?: string;
  message?: string;
  reason?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

/** The runtimes' words for a program that cannot be started. */
const NO_PROGRAM = /executable file not found|no such file or directory|permission denied|exec format error/i;

/** `Success`, or a failure whose cause `ExitCode` carries the number. Anything else is the kubelet's or the runtime's trouble. */
function resultOf(text: string, output: { stdout: string; stderr: string }): ExecResult {
  const status = parse(text) as Status | undefined;
  if (!status) throw new ApiError({ kind: 'transport', isSent: true, code: 'EBADJSON', message: 'how it ended is not JSON' });
  if (status.status === 'Success') return { exitCode: 0, ...output };
  const code = Number(status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message);
  if (Number.isInteger(code)) return { exitCode: code, ...output };
  const message = String(status.message ?? 'the runtime gave no reason');
  if (NO_PROGRAM.test(message)) return { exitCode: 127, stdout: '', stderr: message };
  throw new ApiError({ kind: 'answered', httpStatus: 500, reason: status.reason, message, causes: [] });
}
