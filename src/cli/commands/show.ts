import { Command } from 'commander';
import type { NotificationRecord } from '../../contracts/records.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { outputOption, print, writeLine, type Format } from '../output.js';
import { REMEDIATION_COLUMNS } from '../remediation-columns.js';
import { remediationPage } from '../remediation-page.js';
import { getRemediation, orNone, REF_ARGUMENT, REF_HELP, remediationPath, withNamespace } from '../remediation-ref.js';

interface ShowOptions {
  namespace?: string;
  output: Format;
}

export function showCommand(): Command {
  const command = new Command('show')
    .description('one remediation: problems, why, plan with undo, every finding, assessments, timeline, who was told')
    .argument(REF_ARGUMENT, REF_HELP)
    .addOption(outputOption())
    .action(async (ref: string, { namespace, output }: ShowOptions, self: Command) => {
      const client = clientFor(self);
      const remediation = await getRemediation(client, ref, namespace);
      if (output === 'table') {
        const told = await orNone(client.get<{ items: NotificationRecord[] }>(remediationPath(remediation.id, undefined, 'notifications')));
        return writeLine(remediationPage(remediation, Date.now(), told?.items));
      }
      print([remediation], output, REMEDIATION_COLUMNS, (r) => r.id, remediation);
    });
  return withExamples(withNamespace(command), 'kubernaut show r-1a2b', 'kubernaut show deployment/api -n shop', 'kubernaut show r-1a2b -o json');
}
