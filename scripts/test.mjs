// `npm test`: lint, types, then the Jest projects in order of cost, the two longest side by side. `node scripts/test.mjs unit contract` runs those alone.
// Goes on after a failure so that one run tells everything; the last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(ROOT, 'node_modules', '.bin', name);
const PROJECTS = ['unit', 'contract', 'gateway', 'workflow', 'fuzz', 'integration', 'e2e'];
/** Both mostly wait, for servers, timers and rollouts: side by side they take little longer than the longer one. */
const SIDE_BY_SIDE = new Set(['integration', 'e2e']);
/** Only when named: they take long. */
const ON_REQUEST = ['crash'];
/** Real servers want the machine for themselves. */
const IN_BAND = new Set(['workflow', 'fuzz', 'integration', 'e2e', 'crash']);

const wanted = process.argv.slice(2);
const known = [...PROJECTS, ...ON_REQUEST];
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`there is no suite ${unknown.join(', ')}; known: ${known.join(', ')}`);
  process.exit(2);
}

const total = { passed: 0, failed: 0 };
const scratch = mkdtempSync(join(tmpdir(), 'kubernaut-test-'));

function run(file, args) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings', FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    });
    child.once('error', () => resolve(1));
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function check(name, file, args) {
  const from = Date.now();
  const code = await run(file, args);
  total[code === 0 ? 'passed' : 'failed'] += 1;
  console.log(`${code === 0 ? 'ok' : 'FAILED'}: ${name} (${Math.round((Date.now() - from) / 1000)} s)`);
}

async function suite(project) {
  const from = Date.now();
  const report = join(scratch, `${project}.json`);
  const code = await run(bin('jest'), ['--selectProjects', project, '--json', `--outputFile=${report}`, '--testTimeout=30000', '--forceExit', ...(IN_BAND.has(project) ? ['--runInBand'] : [])]);
  const { passed, failed } = counts(report, code);
  total.passed += passed;
  total.failed += failed;
  console.log(`${failed === 0 ? 'ok' : 'FAILED'}: ${project}: ${passed} passed, ${failed} failed (${Math.round((Date.now() - from) / 1000)} s)`);
}

/** A suite that could not even be loaded has no failed test, but has failed. */
function counts(report, code) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    return { passed: numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

if (wanted.length === 0) {
  await check('lint', bin('eslint'), ['.']);
  await check('types', bin('tsc'), ['--noEmit', '-p', 'tsconfig.json']);
}
const projects = wanted.length > 0 ? wanted : PROJECTS;
for (const project of projects.filter((p) => !SIDE_BY_SIDE.has(p))) await suite(project);
await Promise.all(projects.filter((p) => SIDE_BY_SIDE.has(p)).map(suite));
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
