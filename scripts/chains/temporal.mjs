import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, installInto } from '../bootstrap/cache.mjs';
import { download } from '../bootstrap/download.mjs';
import { countPackages, goFor } from '../bootstrap/go.mjs';
import { findOnPath, isExecutable, run } from '../bootstrap/run.mjs';

/** The newest that `go install` accepts: later tags carry a `replace`. The download is the same one on purpose. */
const VERSION = 'v1.5.1';
const MODULE = 'github.com/temporalio/cli';
const ARCH = { x64: 'amd64', arm64: 'arm64' };

export function temporalChain() {
  const dir = cacheDir('temporal', VERSION);
  const path = join(dir, 'temporal');
  const install = (write, say) => installInto({ dir, file: 'temporal', write, onWait: (pid) => say(`process ${pid} is installing it`) }).then(() => path);
  return {
    server: 'Temporal',
    advice: 'install the Temporal CLI (docs.temporal.io/cli) or Go, or set TEMPORAL_ADDRESS to a server that runs',
    ways: [
      { way: 'temporal on PATH', attempt: onPath },
      { way: 'cache', attempt: async () => (isExecutable(path) ? path : Promise.reject(new Error(`no ${path}`))) },
      { way: 'official download', attempt: (say) => install((temporary) => downloadInto(temporary, say), say) },
      { way: `go install ${MODULE}/cmd/temporal@${VERSION}`, attempt: (say) => install((temporary) => goInstallInto(temporary, say), say) },
    ],
  };
}

async function onPath() {
  const path = findOnPath('temporal');
  if (path === undefined) throw new Error('not there');
  await run(path, ['--version'], { timeoutMs: 10_000 });
  return path;
}

async function downloadInto(dir, say) {
  const archive = join(dir, 'temporal.tar.gz');
  const query = new URLSearchParams({ platform: process.platform, arch: ARCH[process.arch] ?? process.arch });
  await download(`https://temporal.download/cli/archive/${VERSION}?${query}`, archive, say);
  await run('tar', ['-xzf', archive, '-C', dir], { timeoutMs: 60_000 });
}

async function goInstallInto(dir, say) {
  const go = await goFor(`${MODULE}@${VERSION}`);
  const args = ['install', '-v', '-trimpath', '-ldflags', '-s -w', `${MODULE}/cmd/temporal@${VERSION}`];
  await run(go, args, { env: { GOBIN: join(dir, 'bin'), GOFLAGS: '' }, onLine: countPackages(say) });
  renameSync(join(dir, 'bin', 'temporal'), join(dir, 'temporal'));
}
