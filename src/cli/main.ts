import { buildProgram } from './program.js';
import { runCli } from './run-cli.js';

// `kubernaut list | head` closes our output early: that is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const args = process.argv.slice(2);
process.exitCode = await runCli(await buildProgram(args), args);
