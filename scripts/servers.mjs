// Gets the servers Kubernaut runs on, each by the first way that works, cached under the user's cache folder.
// Dependency free: it also runs before `npm ci`. `node scripts/servers.mjs [names…]`; none = what `npm start` needs.
import { pathToFileURL } from 'node:url';
import { runChain } from './bootstrap/chain.mjs';
import { progressPrinter } from './bootstrap/progress.mjs';
import { findOnPath } from './bootstrap/run.mjs';
import { controlPlaneChain } from './chains/control-plane.mjs';
import { debianChain } from './chains/debian.mjs';
import { kubectlChain } from './chains/kubectl.mjs';
import { postgresChain } from './chains/postgres.mjs';
import { temporalChain } from './chains/temporal.mjs';
import { testServerChain } from './chains/test-server.mjs';

const CHAINS = {
  temporal: temporalChain,
  'control-plane': controlPlaneChain,
  'test-server': testServerChain,
  postgres: postgresChain,
  alertmanager: () => debianChain({ server: 'AlertManager', program: 'prometheus-alertmanager', aptPackage: 'prometheus-alertmanager' }),
  kubectl: kubectlChain,
  prometheus: () => debianChain({ server: 'Prometheus', program: 'prometheus', aptPackage: 'prometheus' }),
};

export const SERVER_NAMES = Object.keys(CHAINS);
export const NEEDED_TO_START = ['temporal', 'control-plane'];

export { ChainFailed } from './bootstrap/chain.mjs';

/** An AlertManager that is installed here, under its own or under Debian's name; nothing is fetched. */
export const installedAlertManager = () => findOnPath('alertmanager', ['/usr/local/bin']) ?? findOnPath('prometheus-alertmanager', []);

export async function ensureServer(name, { onProgress } = {}) {
  const chain = CHAINS[name];
  if (chain === undefined) throw new Error(`there is no server ${name}; known: ${SERVER_NAMES.join(', ')}`);
  return runChain({ ...chain(), onProgress });
}

/** One after the other: two compilers at once would only slow each other down. */
export async function ensureServers(names, { onProgress } = {}) {
  const found = {};
  for (const name of names) found[name] = await ensureServer(name, { onProgress });
  return found;
}

async function main(names) {
  const found = await ensureServers(names.length > 0 ? names : NEEDED_TO_START, { onProgress: progressPrinter() });
  for (const [name, { path }] of Object.entries(found)) console.log(`${name}\t${path}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
