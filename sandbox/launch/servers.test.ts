import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installInto } from '../../scripts/bootstrap/cache.mjs';
import { runChain } from '../../scripts/bootstrap/chain.mjs';
import { download } from '../../scripts/bootstrap/download.mjs';
import { hashOfTree, isInstalled } from '../../scripts/bootstrap/stale.mjs';
import type { Progress } from '../../scripts/servers.mjs';
import { ensureServer } from './servers.js';
import type { ServerName } from './servers.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubernaut-servers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refuses = (way: string, reason: string) => ({ way, attempt: () => Promise.reject(new Error(reason)) });
const gives = (way: string, path: string) => ({ way, attempt: () => Promise.resolve(path) });

describe('a chain of ways', () => {
  it('takes the first way that works and tries none after it', async () => {
    const events: Progress[] = [];
    const ways = [refuses('on PATH', 'not there'), gives('cache', '/cache/temporal'), refuses('download', 'must not run')];
    const found = await runChain({ server: 'Temporal', advice: '', ways, onProgress: (event) => events.push(event) });
    expect(found).toMatchObject({ path: '/cache/temporal', how: 'cache' });
    expect(events.map(({ way, state }) => `${way} ${state}`)).toEqual(['on PATH running', 'on PATH failed', 'cache running', 'cache done']);
  });

  it('fails with one message that lists every way, what each said, and what to install', async () => {
    const ways = [refuses('on PATH', 'not there'), refuses('download', 'cdn: no answer for 6 s'), refuses('go install', 'go: ended with code 1\nbuild failed')];
    const failure: Error = await runChain({ server: 'Temporal', advice: 'install the Temporal CLI', ways }).catch((error) => error);
    expect(failure).toMatchObject({ name: 'ChainFailed', code: 'DependencyMissing', server: 'Temporal' });
    expect(failure.message.replace(/\(\d\.\d s\)/g, '(t)')).toBe(
      [
        'Temporal could not be obtained. Tried:',
        '  - on PATH (t): not there',
        '  - download (t): cdn: no answer for 6 s',
        '  - go install (t): go: ended with code 1',
        '      build failed',
        'What helps: install the Temporal CLI',
      ].join('\n'),
    );
  });

  it('refuses a name it does not know, with those it knows', async () => {
    await expect(ensureServer('etcd' as ServerName)).rejects.toThrow(/no server etcd; known: temporal, control-plane/);
  });
});

describe('an installation into the cache', () => {
  const dir = () => join(folder, 'v1');
  const writing = (text: string) => async (temporary: string) => writeFileSync(join(temporary, 'program'), text);

  it('appears whole, and is done once', async () => {
    await installInto({ dir: dir(), file: 'program', write: writing('first') });
    await installInto({ dir: dir(), file: 'program', write: writing('second') });
    expect(readFileSync(join(dir(), 'program'), 'utf8')).toBe('first');
    expect(readdirSync(folder)).toEqual(['v1']);
  });

  it('leaves nothing behind when it fails, so that the next attempt starts clean', async () => {
    const halfway = async (temporary: string) => {
      await writing('half')(temporary);
      throw new Error('network went away');
    };
    await expect(installInto({ dir: dir(), file: 'program', write: halfway })).rejects.toThrow('network went away');
    expect(readdirSync(folder)).toEqual([]);
    await installInto({ dir: dir(), file: 'program', write: writing('whole') });
    expect(readFileSync(join(dir(), 'program'), 'utf8')).toBe('whole');
  });

  it('fails when the promised file did not come', async () => {
    await expect(installInto({ dir: dir(), file: 'program', write: async () => undefined })).rejects.toThrow('program is missing');
    expect(existsSync(dir())).toBe(false);
  });

  it('runs once when two ask at the same time; the second waits and takes the result', async () => {
    let runs = 0;
    let waited = 0;
    const write = async (temporary: string) => {
      runs += 1;
      await sleep(400);
      await writing('once')(temporary);
    };
    const job = { dir: dir(), file: 'program', write, onWait: () => (waited += 1) };
    await Promise.all([installInto(job), installInto(job)]);
    expect(runs).toBe(1);
    expect(waited).toBeGreaterThan(0);
  });

  it('takes over the lock of an installer that died, and clears what it left', async () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(`${dir()}.lock`, JSON.stringify({ pid: dead, host: hostname() }));
    mkdirSync(`${dir()}.${dead}-0a1b2c`);
    await installInto({ dir: dir(), file: 'program', write: writing('later') });
    expect(readdirSync(folder)).toEqual(['v1']);
  });
});

describe('a download', () => {
  it('gives up on a network that accepts and says nothing', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const attempt = download(`http://127.0.0.1:${port}/file`, join(folder, 'file'), () => undefined, 200);
    await expect(attempt).rejects.toThrow(`127.0.0.1:${port}: no answer for 0.2 s`);
    silent.close();
  });

  it('says which host refused', async () => {
    await expect(download('http://127.0.0.1:1/file', join(folder, 'file'), () => undefined)).rejects.toThrow('127.0.0.1:1');
  });
});

describe('what counts as stale', () => {
  it('is content, wherever the file moved', () => {
    mkdirSync(join(folder, 'src', 'deep'), { recursive: true });
    writeFileSync(join(folder, 'src', 'deep', 'a.ts'), 'one');
    const before = hashOfTree(folder, ['src', 'absent']);
    writeFileSync(join(folder, 'src', 'deep', 'a.ts'), 'one');
    expect(hashOfTree(folder, ['src', 'absent'])).toBe(before);
    writeFileSync(join(folder, 'src', 'deep', 'a.ts'), 'two');
    expect(hashOfTree(folder, ['src', 'absent'])).not.toBe(before);
  });

  it.each([
    ['the same versions', { 'node_modules/a': { version: '1.0.0' } }, true],
    ['another version', { 'node_modules/a': { version: '0.9.0' } }, false],
    ['a missing package', {}, false],
  ])('packages with %s', (_name, installed, expected) => {
    const wanted = { '': { version: '0' }, 'node_modules/a': { version: '1.0.0' }, 'node_modules/mac-only': { version: '1.0.0', optional: true } };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: wanted }));
    mkdirSync(join(folder, 'node_modules'));
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }));
    expect(isInstalled(folder)).toBe(expected);
  });
});
