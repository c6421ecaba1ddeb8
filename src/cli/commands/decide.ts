import { userInfo } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { printable, printDocument, writeLine } from '../output.js';
import { REF_ARGUMENT, REF_HELP, remediationPath, withNamespace } from '../remediation-ref.js';

export type DecisionVerb = 'approve' | 'reject' | 'cancel' | 'undo';

interface DecisionCommand {
  verb: DecisionVerb;
  description: string;
  /** May be bound to a plan hash. */
  isAboutPlan: boolean;
  /** May take another way than the plan. */
  canPick?: boolean;
  done: string;
  examples: readonly string[];
}

interface DecisionOptions {
  namespace?: string;
  plan?: string;
  reason?: string;
  by: string;
  candidate?: string;
  set?: Record<string, unknown>;
  output: DecisionFormat;
}

const DECISION_FORMATS = ['table', 'json', 'yaml', 'name'] as const;
type DecisionFormat = (typeof DECISION_FORMATS)[number];

interface Answer {
  remediation_id: string;
  plan_hash?: string;
  picked?: string;
  waits?: string;
}

/** A person's decision goes to the workflow, which answers at once whether it fits (not waiting, another plan, closed); a pick when it is checked. */
export function decisionCommand({ verb, description, isAboutPlan, canPick, done, examples }: DecisionCommand): Command {
  const command = new Command(verb).description(description).argument(REF_ARGUMENT, REF_HELP);
  if (isAboutPlan) command.option('--plan <hash>', 'the plan you looked at (≥ 6 digits of its hash); another plan is then refused');
  if (canPick) {
    command
      .option('--candidate <number|key>', 'another way that `kubernaut show` lists; 1 is the plan itself')
      .option('--set <name=value>', 'a parameter of it, within the bounds of the action; may be repeated', withSetting);
  }
  command
    .option('--reason <text>', 'goes into the record')
    .option('--by <name>', 'who decides; default: your user name', userName())
    .addOption(new Option('-o, --output <format>', 'how to print').choices([...DECISION_FORMATS]).default('table'))
    .action(async (ref: string, { namespace, output, ...decision }: DecisionOptions, self: Command) => {
      const answer = await clientFor(self).send<Answer>('POST', remediationPath(ref, namespace, verb), bodyOf(decision));
      if (output === 'json' || output === 'yaml') return printDocument(answer, output);
      writeLine(printable(output === 'name' ? answer.remediation_id : sentenceOf(answer, done)));
    });
  return withExamples(withNamespace(command), ...examples);
}

function bodyOf({ by, reason, plan, candidate, set }: Omit<DecisionOptions, 'namespace' | 'output'>): object {
  return {
    by,
    ...(reason === undefined ? {} : { reason }),
    ...(plan === undefined ? {} : { plan }),
    ...(candidate === undefined ? {} : { candidate: /^\d{1,2}$/.test(candidate) ? Number(candidate) : candidate }),
    ...(set === undefined ? {} : { parameters: set }),
  };
}

function sentenceOf({ remediation_id: id, plan_hash, picked, waits }: Answer, done: string): string {
  const hash = plan_hash?.slice(0, 12);
  if (waits) return `${id} takes ${picked ?? 'it'} as its plan ${hash ?? ''}, which needs one more look: ${waits}; then: kubernaut approve ${id} --plan ${hash ?? ''}`;
  return `${id} ${done}${hash === undefined ? '' : ` (plan ${hash}${picked === undefined ? '' : `, picked ${picked}`})`}; follow it with: kubernaut watch ${id}`;
}

/** `replicas=3` is a number, `name=api` a text: JSON where it is some. */
export function withSetting(text: string, earlier: Record<string, unknown> = {}): Record<string, unknown> {
  const [, name, value] = /^([A-Za-z][\w.-]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('give it as name=value, like replicas=3');
  return { ...earlier, [name]: valueOf(value) };
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // 512Mi is no JSON
  }
}

/** A container may run under a user id without a name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'cli'; // the record still says where it came from
  }
}
