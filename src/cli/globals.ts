import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { dataDirOf } from '../config/load.js';
import { clientOf, type Client, type ClientOptions } from './client.js';
import { EXIT, Exit } from './exit.js';

/** Options of every command; they may stand before or after its name. */
export const withGlobals = (program: Command): Command =>
  program
    .option('--data-dir <folder>', 'the installation on this machine (default: .kubernaut, or KUBERNAUT_DATA_DIR)')
    .option('--gateway <url>', 'another gateway than that of the data folder')
    .option('--token <token>', 'its bearer token, or @file to read it from a file');

interface Globals {
  dataDir?: string;
  gateway?: string;
  token?: string;
}

export function globalsOf(command: Command): ClientOptions {
  const { dataDir, gateway, token } = command.optsWithGlobals<Globals>();
  return {
    dataDir: dataDirOf(dataDir),
    ...(gateway === undefined ? {} : { gateway }),
    ...(token === undefined ? {} : { token: tokenOf(token) }),
  };
}

export const clientFor = (command: Command): Client => clientOf(globalsOf(command));

/** On a command line everybody on the machine can read it; a file keeps it private. */
function tokenOf(given: string): string {
  if (!given.startsWith('@')) return given;
  try {
    return readFileSync(given.slice(1), 'utf8').trim();
  } catch (error) {
    throw new Exit(EXIT.usage, `--token ${given}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
}
