import { userInfo } from 'node:os';
import { Command } from 'commander';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { printable, writeLine } from '../output.js';
import { REF_ARGUMENT, REF_HELP, remediationPath, withNamespace } from '../remediation-ref.js';

export type DecisionVerb = 'approve' | 'reject' | 'cancel' | 'undo';

interface DecisionCommand {
  verb: DecisionVerb;
  description: string;
  /** May be bound to a plan hash. */
  isAboutPlan: boolean;
  done: string;
  examples: readonly string[];
}

interface DecisionOptions {
  namespace?: string;
  plan?: string;
  reason?: string;
  by: string;
}

/** A person's decision goes to the workflow, which answers at once whether it fits (not waiting, another plan, closed). */
export function decisionCommand({ verb, description, isAboutPlan, done, examples }: DecisionCommand): Command {
  const command = new Command(verb).description(description).argument(REF_ARGUMENT, REF_HELP);
  if (isAboutPlan) command.option('--plan <hash>', 'the plan you looked at (≥ 6 digits of its hash); another plan is then refused');
  command
    .option('--reason <text>', 'goes into the record')
    .option('--by <name>', 'who decides; default: your user name', userName())
    .action(async (ref: string, { namespace, plan, reason, by }: DecisionOptions, self: Command) => {
      const body = { by, ...(reason === undefined ? {} : { reason }), ...(plan === undefined ? {} : { plan }) };
      const answer = await clientFor(self).send<{ remediation_id: string; plan_hash?: string }>('POST', remediationPath(ref, namespace, verb), body);
      const hash = answer.plan_hash === undefined ? '' : ` (plan ${answer.plan_hash.slice(0, 12)})`;
      writeLine(printable(`${answer.remediation_id} ${done}${hash}; follow it with: kubernaut watch ${answer.remediation_id}`));
    });
  return withExamples(withNamespace(command), ...examples);
}

/** A container may run under a user id without a name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'cli'; // the record still says where it came from
  }
}
