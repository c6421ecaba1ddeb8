import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { remediationFor } from '../support/remediations.js';

const exists = (path: string) => stat(path).then(() => true, () => false);

describe('the embedded database in a folder', () => {
  let home: string;
  let dataDir: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'kubernaut-embedded-'));
    dataDir = join(home, 'deep', 'pg');
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  const open = () => openDatabase({ kind: 'pglite', dataDir });

  it('keeps what it was told over a restart', async () => {
    const first = createStore(await open());
    await first.saveRemediation(remediationFor('r-kept'));
    await first.close();
    const second = createStore(await open());
    expect((await second.getRemediation('r-kept')).id).toBe('r-kept');
    await second.close();
  }, 60_000);

  it('keeps what it confirmed when the process is killed (the files as they are at that instant)', async () => {
    const store = createStore(await open());
    await store.saveRemediation(remediationFor('r-confirmed'));
    const crashed = join(home, 'crashed');
    await cp(dataDir, crashed, { recursive: true });
    await store.close();
    const after = createStore(await openDatabase({ kind: 'pglite', dataDir: crashed }));
    expect((await after.getRemediation('r-confirmed')).id).toBe('r-confirmed');
    await after.close();
  }, 60_000);

  it('belongs to one holder: a second is refused with the process to stop, and the lock goes with the first', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'Conflict', message: expect.stringContaining(`process ${process.pid}`) });
    await first.close();
    expect(await exists(`${dataDir}.lock`)).toBe(false);
    await (await open()).close();
  }, 60_000);

  it('says what to do when the folder holds something else', async () => {
    await (await open()).close();
    await rm(join(dataDir, 'global'), { recursive: true });
    await expect(open()).rejects.toMatchObject({ code: 'StoreUnavailable', message: expect.stringContaining('move the folder away') });
    expect(await exists(`${dataDir}.lock`)).toBe(false);
  }, 60_000);
});
