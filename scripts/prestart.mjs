// What `npm start` and `npm test` need before anything of ours can run: a Node that is new enough, the packages of the
// lockfile, a build, the servers. Dependency free: on a fresh clone nothing is installed yet.
//   node scripts/prestart.mjs [--no-build] [--no-servers] [--servers=a,b]
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { showStep, progressPrinter } from './bootstrap/progress.mjs';
import { run } from './bootstrap/run.mjs';
import { hashOfFile, hashOfTree, isInstalled, readMark, writeMark } from './bootstrap/stale.mjs';
import { NEEDED_TO_START, ensureServers } from './servers.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MINIMUM_NODE = [20, 19];
/** What the build reads; a change of any of it means building again. */
const SOURCES = ['src', 'sandbox', 'temporal', 'package.json', 'tsconfig.json', '.swcrc'];
/** npm ends its failures with a page of usage; these lines say why. */
const NPM_REASON = /npm error (code|Missing|Invalid|network|\d{3}|`npm ci`)/;
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  throw new Error(`Node ${process.versions.node} is too old: Kubernaut needs ${MINIMUM_NODE.join('.')} or later. Install it from nodejs.org, or with \`nvm install 20\`.`);
}

async function installPackages(onProgress) {
  const mark = join(ROOT, 'node_modules', '.kubernaut-lock');
  const wanted = hashOfFile(join(ROOT, 'package-lock.json'));
  if (readMark(mark) === wanted) return;
  if (isInstalled(ROOT)) return writeMark(mark, wanted);
  await showStep('npm packages', 'npm ci', onProgress, (say) =>
    run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=http'], { cwd: ROOT, onLine: (line) => say(line.replace(/https?:\/\/[^/\s]+/g, '')), reason: NPM_REASON }),
  );
  writeMark(mark, wanted);
}

async function build(onProgress) {
  const mark = join(ROOT, 'dist', '.build-hash');
  const wanted = hashOfTree(ROOT, SOURCES);
  if (readMark(mark) === wanted) return;
  await showStep('build', 'npm run build', onProgress, (say) => run(npm, ['run', 'build'], { cwd: ROOT, onLine: say }));
  writeMark(mark, wanted);
}

async function main(args) {
  const onProgress = progressPrinter();
  const list = args.find((arg) => arg.startsWith('--servers='))?.slice('--servers='.length).split(',');
  checkNode();
  await installPackages(onProgress);
  if (!args.includes('--no-build')) await build(onProgress);
  if (!args.includes('--no-servers')) await ensureServers(list ?? serversToStart(), { onProgress });
}

/** A server that the user named is not obtained. */
function serversToStart() {
  const { TEMPORAL_ADDRESS, KUBE_CONTEXT, KUBERNETES_SERVICE_HOST } = process.env;
  const named = { temporal: TEMPORAL_ADDRESS, 'control-plane': KUBE_CONTEXT || KUBERNETES_SERVICE_HOST };
  return NEEDED_TO_START.filter((name) => !named[name]);
}

if (!existsSync(join(ROOT, 'package-lock.json'))) {
  console.error(`${ROOT} has no package-lock.json: run this from a full checkout`);
  process.exit(1);
}
main(process.argv.slice(2)).catch((error) => {
  console.error(`\n${error.message}`);
  process.exit(1);
});
