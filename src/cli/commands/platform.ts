import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { createLogger } from '../../adapters/telemetry/logger.js';
import { loadWithOrigins } from '../../config/load.js';
import { actions } from '../../actions/index.js';
import { EXIT } from '../exit.js';
import { runAll } from '../run-all.js';
import type { PlatformInput } from '../up/platform.js';

/** Hidden: the process that `up` keeps alive. Reads what to run from standard input, whose end means that `up` is gone. */
export const platformCommand = (): Command =>
  new Command('platform').description('gateway and all workers in one process; started by `up`').action(async () => {
    const input = await firstLine();
    const { config } = loadWithOrigins({ flags: withoutFile(input.flags), file: input.flags.__file as string | undefined, actionIds: actions.ids });
    const logger = createLogger(config.log);
    const running = await runAll({ config, logger, isSandbox: input.isSandbox, flags: withoutFile(input.flags), policyFile: input.flags.__file as string | undefined });
    process.stdout.write(`${JSON.stringify({ platformReady: { gateway: running.url, pid: process.pid } })}\n`);
    const asked = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), once(process.stdin, 'end')]).then(() => undefined);
    const failure = await Promise.race([asked, running.failed]);
    if (failure !== undefined) logger.error({ err: failure }, 'a worker failed; this process ends and is started again');
    await running.stop().catch((error: unknown) => logger.error({ err: error }, 'not everything could be stopped in order'));
    process.exit(failure === undefined ? EXIT.done : EXIT.failed);
  });

const withoutFile = ({ __file: _file, ...flags }: Record<string, unknown>): Record<string, unknown> => flags;

async function firstLine(): Promise<PlatformInput> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  const [line] = (await once(lines, 'line')) as [string];
  lines.on('line', () => undefined);
  return JSON.parse(line) as PlatformInput;
}
