import { Command } from 'commander';
import { withExamples } from '../examples.js';
import { clientOf } from '../client.js';
import { globalsOf } from '../globals.js';
import { outputOption, print, type Format } from '../output.js';
import { VERSION } from '../version.js';

const PATIENCE_MS = 2000;

interface Versions {
  client: string;
  node: string;
  /** Absent when none answers: this command must work without one. */
  gateway?: string;
}

export function versionCommand(): Command {
  const command = new Command('version')
    .description('versions of this program and of the gateway, when one answers')
    .addOption(outputOption())
    .action(async ({ output }: { output: Format }, self: Command) => {
      const gateway = await gatewayVersion(self);
      const versions: Versions = { client: VERSION, node: process.versions.node, ...(gateway === undefined ? {} : { gateway }) };
      const rows = [['kubernaut', versions.client], ['node', versions.node], ['gateway', versions.gateway ?? 'none answers']] as const;
      print(rows, output, [{ title: 'WHAT', value: ([what]) => what }, { title: 'VERSION', value: ([, version]) => version }], ([, version]) => version, versions);
    });
  return withExamples(command, 'kubernaut version', 'kubernaut version -o json');
}

async function gatewayVersion(self: Command): Promise<string | undefined> {
  try {
    return (await clientOf({ ...globalsOf(self), timeoutMs: PATIENCE_MS }).get<{ version?: string }>('/health')).version;
  } catch {
    return undefined; // none runs here: told as such
  }
}
