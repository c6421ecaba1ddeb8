import { Command } from 'commander';
import type { SignalRecord } from '../../contracts/records.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { age, outputOption, print, type Column, type Format } from '../output.js';

const COLUMNS: readonly Column<SignalRecord>[] = [
  { title: 'AGE', value: (r) => age(r.received_at) },
  { title: 'ALERT', value: (r) => r.alert },
  { title: 'STATUS', value: (r) => r.status },
  { title: 'OUTCOME', value: (r) => r.outcome },
  { title: 'REMEDIATION', value: (r) => r.remediation_id ?? '-' },
  { title: 'RULES', value: (r) => r.rules.join(',') || '-', isWide: true },
  { title: 'STARTED', value: (r) => r.started_at, isWide: true },
  { title: 'WORKFLOW', value: (r) => r.workflow_id ?? '-', isWide: true },
  { title: 'WHY', value: whyOf },
];

export function whyNotCommand(): Command {
  const command = new Command('why-not')
    .description('what became of an alert, and why nothing was done about it')
    .argument('<fingerprint>', 'of the alert: AlertManager, `kubernaut send` and `kubernaut show` name it')
    .addOption(outputOption())
    .action(async (fingerprint: string, { output }: { output: Format }, self: Command) => {
      const { items } = await clientFor(self).get<{ items: SignalRecord[] }>(`/api/v1/signals/${encodeURIComponent(fingerprint)}`);
      print(items, output, COLUMNS, (r) => r.remediation_id ?? r.fingerprint, { items });
    });
  return withExamples(command, 'kubernaut why-not ed722f17d7e9bf20', 'kubernaut why-not ed722f17d7e9bf20 -o json');
}

/** The reason of the signal itself, else what its remediation came to. */
function whyOf({ reason, remediation: r }: SignalRecord): string {
  if (reason !== undefined) return reason;
  if (r === undefined) return '-';
  return `${r.outcome ?? r.phase}${r.reason === undefined ? '' : `: ${r.reason}`}`;
}
