import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, installInto } from '../bootstrap/cache.mjs';
import { countPackages, goFor } from '../bootstrap/go.mjs';
import { findOnPath, isExecutable, run } from '../bootstrap/run.mjs';
import { kubernetesVersion, SOURCES } from './control-plane.mjs';

const BINARY = 'kubectl';
/** The first that evicts by policy/v1. An older one finds no eviction that it knows on today's servers, and deletes instead. */
const OLDEST_MINOR = 22;

/** Only for comparison (`npm run bench -- drain`); built from the modules that the control plane is built from. */
export function kubectlChain() {
  const version = kubernetesVersion();
  const dir = cacheDir('kubectl', version);
  const path = join(dir, BINARY);
  return {
    server: 'kubectl',
    advice: `install kubectl 1.${OLDEST_MINOR} or later, or Go`,
    ways: [
      { way: 'kubectl on PATH', attempt: onPath },
      { way: 'cache', attempt: async () => (isExecutable(path) ? path : Promise.reject(new Error(`no ${path}`))) },
      {
        way: `go build of k8s.io/kubernetes/cmd/kubectl@${version}`,
        attempt: async (say) => {
          await installInto({ dir, file: BINARY, write: (temporary) => build(join(temporary, BINARY), version, say), onWait: (pid) => say(`process ${pid} is building it`) });
          return path;
        },
      },
    ],
  };
}

async function onPath() {
  const path = findOnPath(BINARY);
  if (path === undefined) throw new Error('not there');
  const { clientVersion } = JSON.parse(await run(path, ['version', '--client', '-o', 'json'], { timeoutMs: 10_000 }));
  if (Number.parseInt(clientVersion?.minor, 10) < OLDEST_MINOR) throw new Error(`${path} is ${clientVersion.gitVersion}; 1.${OLDEST_MINOR} or later is needed`);
  return path;
}

async function build(output, version, say) {
  const go = await goFor(`k8s.io/kubernetes@${version}`);
  const ldflags = `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
  // kubectl needs a few modules that a control plane does not: their sums are added to a copy
  const modfile = `${output}.mod`;
  copyFileSync(join(SOURCES, 'go.mod'), modfile);
  copyFileSync(join(SOURCES, 'go.sum'), `${output}.sum`);
  const args = ['build', '-v', '-buildvcs=false', '-mod=mod', `-modfile=${modfile}`, '-trimpath', '-ldflags', ldflags, '-o', output, 'k8s.io/kubernetes/cmd/kubectl'];
  await run(go, args, { cwd: SOURCES, env: { CGO_ENABLED: '0', GOFLAGS: '' }, onLine: countPackages(say) });
}
