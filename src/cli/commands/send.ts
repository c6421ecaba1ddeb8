import { Command } from 'commander';
import type { SignalResult, SignalResults } from '../../contracts/api.js';
import { alertBody } from '../alert-body.js';
import { readJsonFile } from '../client.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { outputOption, print, type Column, type Format } from '../output.js';

export const RESULT_COLUMNS: readonly Column<SignalResult>[] = [
  { title: 'FINGERPRINT', value: (r) => r.fingerprint ?? '-' },
  { title: 'OUTCOME', value: (r) => r.outcome },
  { title: 'REMEDIATION', value: (r) => r.remediation_id ?? '-' },
  { title: 'WORKFLOW', value: (r) => r.workflow_id ?? '-', isWide: true },
  { title: 'REASON', value: (r) => r.reason ?? '-' },
];

interface SendOptions {
  file: string;
  source?: string;
  output: Format;
}

export function sendCommand(): Command {
  const command = new Command('send')
    .description('hand alerts to the gateway as AlertManager would, and say what became of each')
    .requiredOption('-f, --file <file>', 'JSON: a webhook body, one alert or a list of alerts; - reads standard input')
    .option('--source <source>', 'send the file unchanged to /api/v1/signals/<source>')
    .addOption(outputOption())
    .action(async ({ file, source, output }: SendOptions, self: Command) => {
      const given = readJsonFile(file);
      const client = clientFor(self);
      const answer =
        source === undefined
          ? await client.send<SignalResults>('POST', '/alerts', alertBody(given, file, new Date().toISOString()))
          : await client.send<SignalResults>('POST', `/api/v1/signals/${encodeURIComponent(source)}`, given);
      print(answer.results, output, RESULT_COLUMNS, (r) => r.remediation_id ?? r.fingerprint ?? '-', answer);
      const rejected = answer.results.filter((r) => r.outcome === 'rejected').length;
      if (rejected > 0) throw new Exit(EXIT.failed, `${rejected} of ${answer.results.length} alerts were rejected; correct them and send again`);
    });
  return withExamples(
    command,
    'kubernaut send -f alert.json',
    `echo '{"labels":{"alertname":"KubePodCrashLooping","severity":"critical","namespace":"shop","deployment":"api"}}' | kubernaut send -f -`,
  );
}
