import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { kubernaut } from '../../../test/support/cli.js';
import { writeRunFile, type RunFile } from '../run-file.js';
import { findSandbox, sandboxDir } from './files.js';

let dataDir: string;
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-sandbox-'))));
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const GONE = 2 ** 22 - 3;

function writeSandboxFile(pid: number): void {
  mkdirSync(sandboxDir(dataDir), { recursive: true });
  writeFileSync(join(sandboxDir(dataDir), 'sandbox.json'), JSON.stringify({ pid, kubeconfig: join(dataDir, 'kubeconfig') }));
}

const runOf = (up: number): RunFile => ({
  gateway: 'http://127.0.0.1:1', token: 't', temporal: { address: 'a', namespace: 'n' }, kubernetes: { sandbox: true },
  database: { kind: 'pglite' }, pids: { up }, startedAt: '2026-01-01T00:00:00Z',
});

describe('the sandbox of a data folder', () => {
  it.each([
    ['no file', undefined],
    ['a process that is gone', GONE],
  ])('does not run with %s', (_what, pid) => {
    if (pid !== undefined) writeSandboxFile(pid);
    expect(findSandbox(dataDir)).toBeUndefined();
  });

  it('is not confused with another program that has its number now', async () => {
    if (process.platform !== 'linux') return expect(findSandbox(dataDir)).toBeUndefined();
    writeSandboxFile(1);
    expect(findSandbox(dataDir)).toBeUndefined();
    expect((await kubernaut('sandbox', 'down', '--data-dir', dataDir)).out).toContain('no sandbox runs');
  });

  it.each(['up', 'down', 'reset'])('%s leaves that of a running `up` alone', async (verb) => {
    writeRunFile(dataDir, runOf(process.pid));
    const refused = await kubernaut('sandbox', verb, '--data-dir', dataDir);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('kubernaut down')]);
  });

  it('may be removed after an `up` that crashed', async () => {
    writeRunFile(dataDir, runOf(GONE));
    writeSandboxFile(GONE);
    expect((await kubernaut('sandbox', 'reset', '--data-dir', dataDir)).out).toContain(`removed ${sandboxDir(dataDir)}`);
    expect((await kubernaut('sandbox', 'kubeconfig', '--data-dir', dataDir)).code).toBe(3);
  });
});
