import { Command, Option } from 'commander';
import type { EvidenceRecord } from '../../contracts/records.js';
import type { Remediation } from '../../contracts/remediation.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { printable, printDocument, table, writeLine } from '../output.js';
import { getRemediation, orNone, REF_ARGUMENT, REF_HELP, remediationPath, withNamespace } from '../remediation-ref.js';
import { timelineLine } from '../timeline-line.js';

interface LogsOptions {
  namespace?: string;
  output: 'table' | 'json' | 'yaml';
}

/** What happened when, and what the containers said: the timeline, then events and log tails as the decision saw them. */
export function logsCommand(): Command {
  const command = new Command('logs')
    .description('timeline of a remediation, with the events and log excerpts it was decided from')
    .argument(REF_ARGUMENT, REF_HELP)
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table'))
    .action(async (ref: string, { namespace, output }: LogsOptions, self: Command) => {
      const client = clientFor(self);
      const remediation = await getRemediation(client, ref, namespace);
      const evidence = await orNone(client.get<EvidenceRecord>(remediationPath(remediation.id, undefined, 'evidence')));
      if (output === 'table') return writeLine(logsPage(remediation, evidence));
      printDocument({ id: remediation.id, timeline: remediation.timeline, events: evidence?.events ?? [], logs: evidence?.logs ?? [], missing: evidence?.missing ?? [] }, output);
    });
  return withExamples(withNamespace(command), 'kubernaut logs r-1a2b', 'kubernaut logs deployment/api -n shop');
}

export function logsPage(r: Remediation, evidence: EvidenceRecord | undefined): string {
  const blocks = [
    r.timeline.map(timelineLine),
    ...(evidence === undefined ? [['no evidence was kept']] : evidenceBlocks(evidence)),
  ];
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.map(printable).join('\n')).join('\n\n');
}

function evidenceBlocks({ takenAt, events, logs, missing }: EvidenceRecord): string[][] {
  const warnings = events.filter((e) => e.type === 'Warning');
  const left = events.length - warnings.length;
  return [
    warnings.length === 0 ? [] : [`Warnings, read at ${takenAt}`, ...table(warnings.map(eventCells)).split('\n').map((line) => `  ${line}`)],
    left === 0 ? [] : [`and ${left} other events; all of them: -o yaml`],
    ...logs.map((l) => [`Log of pod ${l.pod}, container ${l.container}${l.isPrevious ? ', before its last restart' : ''}`, ...(l.lines.length === 0 ? ['  (empty)'] : l.lines.map((line) => `  ${line}`))]),
    missing.length === 0 ? [] : ['Could not be read', ...missing.map((m) => `  ${m.what}: ${m.why}`)],
  ];
}

const eventCells = ({ at, reason, message, object: { kind, name }, count }: EvidenceRecord['events'][number]): string[] =>
  [at.slice(11, 19), `${kind.toLowerCase()}/${name}`, `${reason}${count > 1 ? ` ×${count}` : ''}`, message].map(printable);
