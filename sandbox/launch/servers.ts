import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Servers from '../../scripts/servers.mjs';
import { packageRoot } from './package-root.js';

export type { EnsuredServer, EnsureOptions, Progress, ServerName } from '../../scripts/servers.mjs';

/** The bootstrap is plain JavaScript that also runs before anything is installed or compiled; here it gets its types. */
const servers = (): Promise<typeof Servers> => import(pathToFileURL(join(packageRoot(), 'scripts', 'servers.mjs')).href) as Promise<typeof Servers>;

/** Where the server is, getting it first when necessary. Throws `ChainFailed`, whose message says what to install. */
export const ensureServer: typeof Servers.ensureServer = async (name, options) => (await servers()).ensureServer(name, options);

export const installedAlertManager = async (): Promise<string | undefined> => (await servers()).installedAlertManager();
