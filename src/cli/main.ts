import { buildProgram } from './program.js';
import { runCli } from './run-cli.js';

// `kubernaut list | head` closes our output early: that is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const args = process.argv.slice(2);
const code = await runCli(await buildProgram(args), args);
process.exitCode = code;
// A command that failed half-way may leave connections and streams open, which would keep the process for ever.
if (code !== 0) process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
