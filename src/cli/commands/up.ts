import { Command, InvalidArgumentError } from 'commander';
import { up } from '../up/up.js';

const portOf = (text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is a number from 1 to 65535');
  return port;
};

export const upCommand = (): Command =>
  new Command('up')
    .description('everything on this machine: servers, gateway, workers, and one incident fixed before your eyes')
    .option('--port <port>', 'port of the webhook and the API', portOf)
    .option('--no-demo', 'do not break and fix the sample shop')
    .option('--reset', 'forget everything of an earlier start first', false)
    .option('--kubeconfig <file>', 'use this cluster instead of the sandbox')
    .option('--context <name>', 'use this context of the kubeconfig instead of the sandbox')
    .addHelpText('after', '\nExample:\n  kubernaut up --port 9090 --data-dir /var/lib/kubernaut --no-demo')
    .action(async (own: { port?: number; demo: boolean; reset: boolean; kubeconfig?: string; context?: string }, command: Command) => {
      const { dataDir } = command.optsWithGlobals<{ dataDir?: string }>();
      await up({ port: own.port, dataDir, hasDemo: own.demo, isReset: own.reset, kubeconfig: own.kubeconfig, context: own.context });
    });
