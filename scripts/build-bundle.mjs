// Writes dist/workflow-bundle.js: all workflow code in one file, so that a worker starts without a bundler.
// Its size is paid by every cached workflow context; the ceiling is a review stop (docs/architecture.md).
import { writeFileSync } from 'node:fs';
import { BUNDLE_PATH, bundleWorkflows } from '../dist/src/workers/bundle.js';

const CEILING_KIB = 700;

const quiet = { log: () => undefined, trace: () => undefined, debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error };
const { code } = await bundleWorkflows(quiet);
const sizeKib = Math.ceil(Buffer.byteLength(code.replace(/\/\/# sourceMappingURL=.*$/ms, '')) / 1024);
if (sizeKib > CEILING_KIB) {
  console.error(`the workflow bundle has ${sizeKib} KiB, the ceiling is ${CEILING_KIB}: what did workflow code import? (docs/architecture.md)`);
  process.exit(1);
}
writeFileSync(BUNDLE_PATH, code);
console.log(`workflow bundle: ${sizeKib} KiB of ${CEILING_KIB}`);
