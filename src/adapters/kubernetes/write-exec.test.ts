import { describe, expect, it } from '@jest/globals';
import { dumpablePod } from '../../../test/support/actions/create-heap-dump.js';
import { invert, type ExecChange } from '../../domain/change.js';
import { worldOf, type KubeObject } from '../../domain/kube.js';
import type { ApplyOptions, ExecResult } from '../../domain/ports.js';
import type { Rest } from './rest.js';
import type { Writer } from './write.js';
import { writeExec } from './write-exec.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

const change: ExecChange = {
  op: 'exec', ref: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'api-1' }, uid: 'uid-pod-api-1', container: 'api',
  argv: ['jcmd', '1', 'GC.heap_dump', '/dumps/x'], inverse: ['rm', '-f', '--', '/dumps/x'], file: '/dumps/x', isThere: true, timeoutS: 5, diesWithPod: false,
};

interface Inside {
  pod?: KubeObject;
  answers?: Record<string, ExecResult>;
  isAllowed?: boolean;
  hasFile?: boolean;
  isGone?: boolean;
}

/** A container in which the dump succeeds, unless the answers say otherwise. */
function staged(options: Partial<ApplyOptions> = {}, { pod = dumpablePod(), answers = {}, isAllowed = true, hasFile = false, isGone = false }: Inside = {}) {
  const ran: string[] = [];
  const state = { hasFile };
  const rest = { send: () => Promise.resolve({ status: { allowed: isAllowed } }) } as object as Rest;
  const writer: Writer = { rest, options: { actionId: 'a', ...options }, userAgent: 'x', read: () => Promise.resolve(isGone ? undefined : pod), world: () => worldOf([]) };
  const run = ([name = '']: readonly string[]): Promise<ExecResult> => {
    ran.push(name);
    if (answers[name]) return Promise.resolve(answers[name]);
    if (name === 'stat') return Promise.resolve(state.hasFile ? { exitCode: 0, stdout: '7\n', stderr: '' } : { exitCode: 1, stdout: '', stderr: '' });
    state.hasFile = name !== 'rm';
    return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
  };
  return { ran, write: (c: ExecChange = change) => writeExec(writer, c, run) };
}

describe('a command that makes a file', () => {
  it('is asked about right before it, and not when the file is there', async () => {
    const refused = new Error('paused');
    const { write, ran } = staged({ beforeWrite: () => Promise.reject(refused) });
    await expect(write()).rejects.toBe(refused);
    expect(ran).toEqual(['stat']);
    await expect(staged({ beforeWrite: () => Promise.reject(refused) }, { hasFile: true }).write()).resolves.toMatchObject({ status: 'already_applied' });
  });

  it('runs nothing in a dry run, which tells a missing right', async () => {
    const { write, ran } = staged({ isDryRun: true });
    await expect(write()).resolves.toMatchObject({ status: 'dry_run' });
    expect(ran).toEqual([]);
    await expect(staged({ isDryRun: true }, { isAllowed: false }).write()).rejects.toEqual(code('Forbidden'));
  });

  it.each<[string, Record<string, ExecResult>, string]>([
    ['fails', { jcmd: { exitCode: 1, stdout: '', stderr: 'password=hunter2 is wrong' } }, 'ConvergeFailed'],
    ['ends well without a file', { jcmd: { exitCode: 0, stdout: 'Permission denied', stderr: '' } }, 'ConvergeFailed'],
    ['is not there', { jcmd: { exitCode: 127, stdout: '', stderr: '' } }, 'Unsupported'],
    ['cannot be looked at', { stat: { exitCode: 127, stdout: '', stderr: '' } }, 'Unsupported'],
    ['leaves an empty file', { stat: { exitCode: 0, stdout: '0\n', stderr: '' } }, 'ConvergeFailed'],
  ])('that %s is told, without secrets', async (_what, answers, expected) => {
    const error = await staged({}, { answers }).write().catch((e: unknown) => e as Error);
    expect(error).toEqual(code(expected));
    expect((error as Error).message).not.toContain('hunter2');
  });

  it('is taken back, and waits for a container that is being started again', async () => {
    const { write, ran } = staged({ isUndo: true }, { hasFile: true });
    await expect(write(invert(change) as ExecChange)).resolves.toMatchObject({ status: 'applied' });
    expect(ran).toEqual(['stat', 'rm', 'stat']);
    const pod = dumpablePod();
    pod.status.containerStatuses[0].state = { waiting: {} };
    await expect(staged({ isUndo: true }, { pod }).write(invert(change) as ExecChange)).rejects.toEqual(code('ConflictTransient'));
    await expect(staged({}, { pod }).write()).rejects.toEqual(code('PreconditionChanged'));
  });

  it('whose pod is gone leaves the file on a claim, and nothing elsewhere', async () => {
    const gone = () => staged({ isUndo: true }, { isGone: true });
    const undo = invert(change) as ExecChange;
    await expect(gone().write({ ...undo, diesWithPod: true })).resolves.toMatchObject({ status: 'already_applied' });
    await expect(gone().write(undo)).rejects.toEqual(code('InverseUnavailable'));
    await expect(staged({}, { isGone: true }).write()).rejects.toEqual(code('TargetNotFound'));
  });
});
