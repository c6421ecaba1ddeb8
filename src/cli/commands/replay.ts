import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parse } from 'yaml';
import type { Replay } from '../../contracts/replay.js';
import { clientOf } from '../client.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { globalsOf } from '../globals.js';
import { durationOption } from '../option-values.js';
import { outputOption, print, printable, writeLine, type Column, type Format } from '../output.js';
import { REF_ARGUMENT, REF_HELP, remediationPath, withNamespace } from '../remediation-ref.js';

type Difference = Replay['differences'][number];

const COLUMNS: readonly Column<Difference>[] = [
  { title: 'WHAT', value: (d) => d.what },
  { title: 'BEFORE', value: (d) => d.before },
  { title: 'AFTER', value: (d) => d.after },
];

interface ReplayOptions {
  namespace?: string;
  model?: string;
  policy?: string;
  decision?: string;
  timeout: number;
  output: Format;
}

export function replayCommand(): Command {
  const command = new Command('replay')
    .description('decide a recorded incident again from its stored evidence and say what differs; no cluster is asked, nothing is written')
    .argument(REF_ARGUMENT, REF_HELP)
    .option('--model <model>', 'ask this model of the configured provider anew (default: the answers of then)')
    .option('--policy <file>', 'a kubernaut.yaml, or its policy section alone (default: the policy of then)')
    .option('--decision <number>', 'which plan of the remediation, from 0 (default: the last)')
    .option('--timeout <duration>', 'how long to wait', durationOption, 300_000)
    .addOption(outputOption())
    .action(async (ref: string, { namespace, model, policy, decision, timeout, output }: ReplayOptions, self: Command) => {
      const client = clientOf({ ...globalsOf(self), timeoutMs: timeout + 10_000 });
      const body = { ...(model === undefined ? {} : { model }), ...(policy === undefined ? {} : { policy: policyIn(policy) }), ...(decision === undefined ? {} : { decision: numberOf(decision) }) };
      const replay = await client.send<Replay>('POST', remediationPath(ref, namespace, 'replay'), body);
      if (output === 'table' || output === 'wide') return writeLine(pageOf(replay));
      print(replay.differences, output, COLUMNS, (d) => d.what, replay);
    });
  return withExamples(withNamespace(command), 'kubernaut replay r-1a2b', 'kubernaut replay r-1a2b --policy stricter.yaml', 'kubernaut replay r-1a2b --model gpt-4.1-mini -o json');
}

function numberOf(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new Exit(EXIT.usage, `--decision ${text}: write a whole number from 0`);
}

function policyIn(file: string): Record<string, unknown> {
  const given: unknown = readPolicy(file);
  const policy = isMap(given) && isMap(given['policy']) ? given['policy'] : given;
  if (isMap(policy)) return policy;
  throw new Exit(EXIT.usage, `${file} holds no policy; write what stands under "policy:" in a kubernaut.yaml`);
}

function readPolicy(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'), { maxAliasCount: 100 });
  } catch (error) {
    throw new Exit(EXIT.usage, `${file}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** For a person: what was decided, then line by line what is different. */
function pageOf({ remediation_id, decided_at, after, is_same, differences, unknown, model, tokens }: Replay): string {
  const asked = model === undefined ? '' : `, asked ${model} anew (${tokens ?? 0} tokens)`;
  const hash = after.plan_hash === undefined ? '' : ` (plan ${after.plan_hash.slice(0, 12)})`;
  return [
    printable(`${remediation_id} as of ${decided_at}${asked}`),
    printable(`${after.result}: ${after.steps.join(', then ') || (after.why ?? '-')}${hash}`),
    is_same ? 'decided the same again' : 'decided differently:',
    ...differences.flatMap(({ what, before, after: now }) => [`  ${what}`, ...lines('-', before), ...lines('+', now)]),
    ...unknown.map((u) => printable(`  not recorded: ${u}`)),
  ].join('\n');
}

const lines = (mark: string, text: string): string[] => text.split('\n').map((line) => printable(`    ${mark} ${line}`));
