// `node with-parent.mjs [--pid-file=<file>] <program> [args…]`: runs a program that would outlive its parent otherwise. When standard input
// ends, however our parent died, the program is stopped; signals and the exit code pass through.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const GRACE_MS = 8_000;

const PID_FILE = '--pid-file=';

const given = process.argv.slice(2);
const pidFile = given[0]?.startsWith(PID_FILE) ? given.shift().slice(PID_FILE.length) : undefined;
const [file, ...args] = given;
if (file === undefined) {
  console.error('usage: with-parent.mjs <program> [args…]');
  process.exit(2);
}

const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] });
if (pidFile !== undefined && child.pid !== undefined) writeFileSync(pidFile, String(child.pid));

function stop(signal) {
  child.kill(signal);
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
}

child.once('error', (error) => {
  console.error(`${file}: ${error.message}`);
  process.exit(127);
});
child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' || signal === 'SIGINT' ? 0 : 1)));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop(signal));
process.stdin.resume().once('close', () => stop('SIGTERM'));
