import { Command } from 'commander';
import type { AlertAnalysis, AnalyzeAlertBody } from '../../contracts/analysis.js';
import { alertBody } from '../alert-body.js';
import { clientOf, readJsonFile } from '../client.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { globalsOf } from '../globals.js';
import { durationOption } from '../option-values.js';
import { outputOption, print, printable, remark, type Column, type Format } from '../output.js';

interface Simulated extends AlertAnalysis {
  alert: string;
}

const COLUMNS: readonly Column<Simulated>[] = [
  { title: 'ALERT', value: (s) => s.alert },
  { title: 'ACTION', value: (s) => s.action },
  { title: 'TARGET', value: (s) => (s.target ? `${s.target.kind.toLowerCase()}/${s.target.name}` : '-') },
  { title: 'CONFIDENCE', value: (s) => s.confidence.toFixed(2) },
  { title: 'DECISION', value: (s) => (s.outcome === undefined ? `${s.verdict?.decision ?? '-'}${s.mode === 'act' || s.mode === undefined ? '' : ` (${s.mode})`}` : s.outcome) },
  { title: 'RISK', value: (s) => s.reasoning.oscillation_risk, isWide: true },
  { title: 'CAUSE', value: (s) => s.cause },
  { title: 'WOULD', value: (s) => s.steps.map((step) => step.summary).join(', then ') || firstLine(s.why ?? '-') },
];

/** The rest is what it was seen by. */
const firstLine = (text: string): string => text.split('\n', 1)[0]!;

interface SimulateOptions {
  file: string;
  timeout: number;
  output: Format;
}

export function simulateCommand(): Command {
  const command = new Command('simulate')
    .description('what would be done about alerts now; nothing is written, begun or told')
    .requiredOption('-f, --file <file>', 'JSON: a webhook body, one alert or a list of alerts; - reads standard input')
    .option('--timeout <duration>', 'how long to wait for each answer', durationOption, 300_000)
    .addOption(outputOption())
    .action(async ({ file, timeout, output }: SimulateOptions, self: Command) => {
      const { alerts } = alertBody(readJsonFile(file), file, new Date().toISOString());
      const client = clientOf({ ...globalsOf(self), timeoutMs: timeout + 10_000 });
      const items: Simulated[] = [];
      // one after the other: it is a look, not a storm
      for (const alert of alerts as AlertOf[]) items.push({ alert: nameOf(alert), ...(await client.send<AlertAnalysis>('POST', '/api/v1/analyze-alert', bodyOf(alert))) });
      print(items, output, COLUMNS, (s) => s.action, { items });
      if (output === 'table') items.filter((s) => s.edit !== undefined).forEach((s) => remark(`for a person: ${printable(s.edit!)}`));
    });
  return withExamples(command, 'kubernaut simulate -f alert.json', 'kubernaut simulate -f alert.json -o json');
}

type AlertOf = NonNullable<AnalyzeAlertBody['alert']>;

const nameOf = ({ name, labels }: AlertOf): string => name ?? labels?.alertname ?? '-';

/** Members that an analysis does not look at are left out: what a list of alerts may hold is the sender's business. */
function bodyOf(alert: AlertOf): AnalyzeAlertBody {
  if (typeof alert !== 'object' || alert === null) throw new Exit(EXIT.usage, 'an alert is an object with labels');
  const { name, severity, namespace, resource, labels, annotations, startsAt } = alert;
  return { alert: Object.fromEntries(Object.entries({ name, severity, namespace, resource, labels, annotations, startsAt }).filter(([, v]) => v !== undefined)) };
}
