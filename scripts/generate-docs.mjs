// `npm run build && npm run docs`: writes docs/reference and deploy/rbac from what the code says of itself. Files that nothing stands for are removed.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployFiles, referencePages } from '../dist/src/cli/docs/pages.js';

/** Measured, not generated: `npm run bench -- scenarios`. */
const MEASURED = ['scenarios.md'];

function write(folder, files) {
  const path = fileURLToPath(new URL(`../${folder}`, import.meta.url));
  mkdirSync(path, { recursive: true });
  for (const name of readdirSync(path)) if (files[name] === undefined && !MEASURED.includes(name)) rmSync(join(path, name));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  console.log(`${folder}: ${Object.keys(files).length} files`);
}

write('docs/reference', await referencePages());
write('deploy/rbac', deployFiles());
process.exit(0); // command modules keep handles of their own open
