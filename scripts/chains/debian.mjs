import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, installInto } from '../bootstrap/cache.mjs';
import { findOnPath, isExecutable, requireTool, run } from '../bootstrap/run.mjs';

/**
 * A server that Debian packages: its program on PATH, else unpacked from the package into the cache. Unpacked, not
 * installed: an installation starts services and changes the machine for one program that tests run by themselves.
 */
export function debianChain({ server, program, aptPackage }) {
  const dir = cacheDir(aptPackage, 'debian');
  const inside = join('usr', 'bin', program);
  const path = join(dir, inside);
  return {
    server,
    advice: `install ${server} so that \`${program}\` is on PATH (Debian: apt-get install ${aptPackage})`,
    ways: [
      { way: `${program} on PATH`, attempt: async () => findOnPath(program, ['/usr/local/bin']) ?? Promise.reject(new Error('not there')) },
      { way: 'cache', attempt: async () => (isExecutable(path) ? path : Promise.reject(new Error(`no ${path}`))) },
      {
        way: `Debian package ${aptPackage}`,
        attempt: async (say) => {
          await installInto({ dir, file: inside, write: (temporary) => unpack(aptPackage, temporary, say), onWait: (pid) => say(`process ${pid} is installing it`) });
          return path;
        },
      },
    ],
  };
}

async function unpack(aptPackage, dir, say) {
  const apt = requireTool('apt-get', 'only on Debian and Ubuntu');
  const dpkg = requireTool('dpkg-deb', 'only on Debian and Ubuntu');
  const network = ['-o', 'Acquire::http::Timeout=8', '-o', 'Acquire::https::Timeout=8', '-o', 'Acquire::Retries=0'];
  // The package lists belong to root; without it those that are there must do.
  if (process.getuid?.() === 0) await run(apt, [...network, 'update'], { onLine: say });
  await run(apt, [...network, 'download', aptPackage], { cwd: dir, onLine: say });
  const archive = readdirSync(dir).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error(`apt-get download ${aptPackage} left no package`);
  await run(dpkg, ['-x', join(dir, archive), dir], { onLine: say });
  rmSync(join(dir, archive));
}
