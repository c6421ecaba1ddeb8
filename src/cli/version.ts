import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../sandbox/launch/package-root.js';

/** From package.json: the one place where the version stands. */
export const VERSION: string = (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
