import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../sandbox/launch/package-root.js';
import { ensureServer } from '../../sandbox/launch/servers.js';
import { SEARCH_ATTRIBUTES } from '../../src/domain/search-attributes.js';
import { startTemporal } from '../../temporal/dev-server.js';
import type { TemporalServer } from '../../temporal/dev-server.js';
import { ensureSearchAttributes } from '../../temporal/ensure-search-attributes.js';

let dataDir: string;
let binary: string;
let temporal: TemporalServer;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function untilGone(pid: number): Promise<void> {
  for (let waitedMs = 0; isAlive(pid); waitedMs += 100) {
    if (waitedMs > 10_000) throw new Error(`process ${pid} is still there`);
    await sleep(100);
  }
}

async function withConnection<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: temporal.address });
  return use(connection).finally(() => connection.close());
}

beforeAll(async () => {
  binary = (await ensureServer('temporal')).path;
  dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-temporal-'));
  temporal = await startTemporal({ binary, dataDir });
}, 900_000);

afterAll(async () => {
  await temporal?.stop();
  if (dataDir) rmSync(dataDir, { recursive: true, force: true });
}, 30_000);

describe('the Temporal dev server', () => {
  it('serves its Web UI and takes workflows with our search attributes', async () => {
    expect((await fetch(temporal.ui)).status).toBe(200);
    await withConnection(async (connection) => {
      const phase = defineSearchAttributeKey('KubernautPhase', 'KEYWORD');
      await new Client({ connection }).workflow.start('remediate', {
        workflowId: 'kept', taskQueue: 'nobody', typedSearchAttributes: [{ key: phase, value: 'planning' }],
      });
    });
  });

  it('registers what a namespace of somebody else lacks, once', async () => {
    await withConnection((connection) =>
      connection.workflowService.registerNamespace({ namespace: 'other', workflowExecutionRetentionPeriod: { seconds: 86_400 as never } }),
    );
    let added: string[] = [];
    for (let attempt = 0; attempt < 50 && added.length === 0; attempt += 1) {
      added = await ensureSearchAttributes(temporal.address, 'other').catch(() => []); // a new namespace takes a moment to be seen
      await sleep(200);
    }
    expect(added.sort()).toEqual(Object.keys(SEARCH_ATTRIBUTES).sort());
    expect(await ensureSearchAttributes(temporal.address, 'other')).toEqual([]);
  }, 20_000);

  it('says that Temporal is out of reach when nobody listens', async () => {
    await expect(ensureSearchAttributes('127.0.0.1:1', 'default', { connectTimeout: 500 })).rejects.toMatchObject({ code: 'TemporalUnavailable' });
  });

  it('refuses a data folder another one runs on', async () => {
    await expect(startTemporal({ binary, dataDir })).rejects.toMatchObject({ code: 'Conflict', message: expect.stringContaining(temporal.address) });
  }, 30_000);

  it('stops without leaving a process, and finds its workflows on the same ports again', async () => {
    const before = temporal;
    await temporal.stop();
    expect(Object.values(before.pids).filter(isAlive)).toEqual([]);
    temporal = await startTemporal({ binary, dataDir, port: before.port, uiPort: before.uiPort });
    expect(temporal.address).toBe(before.address);
    const found = await withConnection((connection) => new Client({ connection }).workflow.getHandle('kept').describe());
    expect(found.status.name).toBe('RUNNING');
  }, 30_000);

  it('survives a kill of the server: the next start on the folder works', async () => {
    process.kill(temporal.pids.server, 'SIGKILL');
    await untilGone(temporal.pids.guard);
    temporal = await startTemporal({ binary, dataDir, port: temporal.port, uiPort: temporal.uiPort });
    const found = await withConnection((connection) => new Client({ connection }).workflow.getHandle('kept').describe());
    expect(found.status.name).toBe('RUNNING');
  }, 30_000);

  it('says why it died, with the last lines of its log', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubernaut-temporal-'));
    const failed = startTemporal({ binary: '/bin/cat', dataDir: folder });
    await expect(failed).rejects.toMatchObject({ code: 'DependencyMissing', message: expect.stringMatching(/Temporal ended with code 1.*\n.*cat:/s) });
    expect(existsSync(join(folder, 'temporal.pid'))).toBe(false);
    rmSync(folder, { recursive: true, force: true });
  });

  it('ends with its launcher, even when that one is killed', async () => {
    const guard = join(packageRoot(), 'scripts', 'with-parent.mjs');
    const source = `require('node:child_process').spawn(process.execPath, [${JSON.stringify(guard)}, 'sh', '-c', 'echo $$; exec sleep 1000'], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });`;
    const launcher = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise((resolve) => launcher.stdout.once('data', resolve)));
    expect(isAlive(pid)).toBe(true);
    launcher.kill('SIGKILL');
    await untilGone(pid);
  }, 20_000);
});
