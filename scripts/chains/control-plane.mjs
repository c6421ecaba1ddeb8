import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir, installInto } from '../bootstrap/cache.mjs';
import { countPackages, goFor } from '../bootstrap/go.mjs';
import { isExecutable, run } from '../bootstrap/run.mjs';

export const SOURCES = fileURLToPath(new URL('../../sandbox/control-plane', import.meta.url));
const BINARY = 'control-plane';

export function controlPlaneChain() {
  const dir = cacheDir('control-plane', hashOfSources());
  const path = join(dir, BINARY);
  return {
    server: 'Kubernetes control plane',
    advice: 'install Go 1.26 or later (or any Go since 1.21 with access to its toolchains), or name a cluster of yours with KUBE_CONTEXT or --kubeconfig',
    ways: [
      { way: 'cache', attempt: async () => (isExecutable(path) ? path : Promise.reject(new Error(`no ${path}`))) },
      {
        way: 'go build of sandbox/control-plane',
        attempt: async (say) => {
          const onWait = (pid) => say(`process ${pid} is building it`);
          await installInto({ dir, file: BINARY, write: (temporary) => build(join(temporary, BINARY), say), onWait });
          return path;
        },
      },
    ],
  };
}

async function build(output, say) {
  const version = kubernetesVersion();
  const go = await goFor(`k8s.io/kubernetes@${version}`);
  // Without a version that looks like one, clients choke on what the API server answers.
  const ldflags = `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
  const args = ['build', '-v', '-buildvcs=false', '-mod=readonly', '-trimpath', '-ldflags', ldflags, '-o', output, '.'];
  await run(go, args, { cwd: SOURCES, env: { CGO_ENABLED: '0', GOFLAGS: '' }, onLine: countPackages(say) });
}

export function kubernetesVersion() {
  const found = /k8s\.io\/kubernetes (v[\d.]+)/.exec(readFileSync(join(SOURCES, 'go.mod'), 'utf8'));
  if (found?.[1] === undefined) throw new Error('sandbox/control-plane/go.mod does not name k8s.io/kubernetes');
  return found[1];
}

/** The cache key: what the binary is made from, and for which machine. */
function hashOfSources() {
  const files = readdirSync(SOURCES).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name)).sort();
  const hash = createHash('sha256').update(`${process.platform}/${process.arch}`);
  for (const name of files) hash.update(name).update(readFileSync(join(SOURCES, name)));
  return hash.digest('hex').slice(0, 16);
}
