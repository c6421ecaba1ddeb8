import { join } from 'node:path';
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { globalsOf } from '../globals.js';
import { findRunFile } from '../run-file.js';

/** What a snippet has to say about this installation. Never the token itself: snippets end up in tickets and repositories. */
export interface Installation {
  /** Without a slash at its end. */
  url: string;
  /** Can only be reached from this machine. */
  isLoopback: boolean;
  /** Command that writes the token to a file. */
  tokenCommand: (file: string) => string;
}

const UNKNOWN_URL = 'http://kubernaut-gateway.kubernaut.svc:8080';

export function installationOf(command: Command, publicUrl?: string): Installation {
  const { dataDir, gateway } = globalsOf(command);
  const url = (publicUrl ?? gateway ?? findRunFile(dataDir)?.gateway ?? UNKNOWN_URL).replace(/\/+$/, '');
  const own = join(dataDir, 'token');
  const source = existsSync(own) ? `install -m 0400 ${own}` : undefined;
  return {
    url,
    isLoopback: /^https?:\/\/(127\.|localhost|\[::1\])/.test(url),
    tokenCommand: (file) => (source === undefined ? `umask 077; kubernaut connect token > ${file}` : `${source} ${file}`),
  };
}
