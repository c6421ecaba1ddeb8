// `node with-parent.mjs <program> [args…]`: runs a program that would outlive its parent otherwise. When standard input
// ends, however our parent died, the program is stopped; signals and the exit code pass through.
import { spawn } from 'node:child_process';

const GRACE_MS = 8_000;

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: with-parent.mjs <program> [args…]');
  process.exit(2);
}

const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] });

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
