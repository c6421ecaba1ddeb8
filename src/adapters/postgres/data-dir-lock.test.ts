import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from './data-dir-lock.js';

describe('lockDataDir', () => {
  let home: string;
  let dataDir: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'kubernaut-lock-'));
    dataDir = join(home, 'pg');
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('leaves nothing behind when given back', async () => {
    const unlock = await lockDataDir(dataDir);
    expect(await readdir(home)).toEqual(['pg.lock']);
    await unlock();
    expect(await readdir(home)).toEqual([]);
  });

  it('refuses a second holder and names the first', async () => {
    await lockDataDir(dataDir);
    await expect(lockDataDir(dataDir)).rejects.toMatchObject({ code: 'Conflict', message: expect.stringContaining(`process ${process.pid}`) });
  });

  it('goes to exactly one of many that try at once, also over a stale lock', async () => {
    await writeFile(`${dataDir}.lock`, '999999999 1');
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDir(dataDir)));
    expect(tries.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(home)).toEqual(['pg.lock']);
  });

  it('is refused while another live process holds it, and taken over when that process is gone', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(other, 'spawn');
    await writeFile(`${dataDir}.lock`, `${other.pid} `);
    await expect(lockDataDir(dataDir)).rejects.toMatchObject({ code: 'Conflict', message: expect.stringContaining(`process ${other.pid};`) });
    other.kill('SIGKILL');
    await once(other, 'exit');
    await lockDataDir(dataDir);
    expect(await readFile(`${dataDir}.lock`, 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  });

  it.each([
    ['of a process whose number was given away again', `${process.pid} 1`],
    ['that was cut short by a full disk', ''],
    ['that holds something else', 'hello'],
  ])('takes over a lock %s', async (_, content) => {
    await writeFile(`${dataDir}.lock`, content);
    await expect(lockDataDir(dataDir)).resolves.toBeInstanceOf(Function);
  });

  it('says which folder it cannot write to', async () => {
    await expect(lockDataDir(join(home, 'missing', 'pg'))).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});
