import { jest } from '@jest/globals';
import { buildProgram } from '../../src/cli/program.js';
import { runCli } from '../../src/cli/run-cli.js';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** One command line in this process, with what it wrote. */
export async function kubernaut(...args: string[]): Promise<Ran> {
  const ran: Ran = { code: -1, out: '', err: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation(((text: string | Uint8Array) => {
      ran[name === 'stdout' ? 'out' : 'err'] += String(text);
      return true;
    }) as typeof process.stdout.write),
  );
  try {
    ran.code = await runCli(await buildProgram(args), args);
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
  return ran;
}
