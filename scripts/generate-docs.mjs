// `npm run build && npm run docs`: writes docs/reference from what the code says of itself. Files that no page stands for are removed.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { referencePages } from '../dist/src/cli/docs/pages.js';

const FOLDER = fileURLToPath(new URL('../docs/reference', import.meta.url));

const pages = await referencePages();
mkdirSync(FOLDER, { recursive: true });
for (const name of readdirSync(FOLDER)) if (pages[name] === undefined) rmSync(join(FOLDER, name));
for (const [name, text] of Object.entries(pages)) writeFileSync(join(FOLDER, name), text);
console.log(`docs/reference: ${Object.keys(pages).length} files`);
process.exit(0); // command modules keep handles of their own open
