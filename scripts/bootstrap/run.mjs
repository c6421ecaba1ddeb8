import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const TAIL_LINES = 6;

/**
 * Runs a command to its end and resolves with its standard output. Rejects when it cannot be started, exits with
 * another code than 0, or takes longer than `timeoutMs`; the message carries the last lines it said.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, timeoutMs?: number, onLine?: (line: string) => void, reason?: RegExp }} [options]
 *   `reason`: which lines say why, for a program that buries them
 * @returns {Promise<string>}
 */
export function run(file, args, { cwd, env, timeoutMs, onLine, reason = /./ } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const tail = [];
    let stdout = '';
    let timedOut = false;
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => ((timedOut = true), child.kill('SIGKILL')), timeoutMs);
    const hear = (chunk) => {
      for (const line of String(chunk).split(/[\r\n]+/).filter((text) => text.trim() !== '')) {
        if (reason.test(line)) tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
        onLine?.(line);
      }
    };
    child.stdout.on('data', (chunk) => ((stdout += chunk), hear(chunk)));
    child.stderr.on('data', hear);
    child.once('error', (error) => (clearTimeout(timer), reject(new Error(`${file}: ${error.message}`, { cause: error }))));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(stdout);
      const how = timedOut ? `no end after ${timeoutMs / 1000} s` : `ended with ${signal ?? `code ${code}`}`;
      reject(new Error([`${file} ${args[0] ?? ''}: ${how}`, ...tail].join('\n')));
    });
  });
}

/** The first executable of that name in PATH (and `alsoIn`), or undefined. */
export function findOnPath(name, alsoIn = []) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...alsoIn];
  return folders.filter(Boolean).map((folder) => join(folder, name)).find(isExecutable);
}

/** Says what to install when a tool that a way needs is missing. */
export function requireTool(name, what) {
  const path = findOnPath(name);
  if (path === undefined) throw new Error(`${name} is not on PATH (${what})`);
  return path;
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
