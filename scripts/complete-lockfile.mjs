// `node scripts/complete-lockfile.mjs [--check]`: adds to package-lock.json the optional packages of other platforms that
// npm left out. A registry mirror that lacks them makes npm write a lockfile that `npm ci` then refuses on every machine.
// The versions are those their parents name exactly; npm takes the hash when it first downloads one, so run
// `npm install --package-lock-only` against a complete registry when there is one.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LOCKFILE = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
/** How native packages name their platform: `<name>-<os>-<cpu>[-<abi>]`. */
const PLATFORM = /-(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/;

function missingPackages(packages) {
  const missing = {};
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      if (packages[path] === undefined && EXACT.test(version)) Object.assign(missing, entryFor(path, version, parent));
    }
  }
  return missing;
}

function entryFor(path, version, parent) {
  const [, os, cpu, abi] = PLATFORM.exec(path) ?? [];
  if (os === undefined) return {};
  const libc = os === 'linux' && abi?.startsWith('musl') ? 'musl' : 'glibc';
  return {
    [path]: {
      version,
      cpu: [cpu],
      ...(parent.dev === true ? { dev: true } : {}),
      ...(os === 'linux' ? { libc: [libc] } : {}),
      optional: true,
      os: [os],
    },
  };
}

const lock = JSON.parse(readFileSync(LOCKFILE, 'utf8'));
const missing = missingPackages(lock.packages);
const names = Object.keys(missing);
if (process.argv.includes('--check')) {
  if (names.length > 0) console.error(`package-lock.json lacks ${names.length} packages of other platforms; run node scripts/complete-lockfile.mjs:\n  ${names.join('\n  ')}`);
  process.exitCode = names.length > 0 ? 1 : 0;
} else if (names.length > 0) {
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(LOCKFILE, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`added ${names.length} packages of other platforms`);
}
