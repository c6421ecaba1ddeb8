import { CommanderError, type Command } from 'commander';
import { isKubernautError } from '../domain/errors.js';
import { redactText } from '../domain/redact.js';
import { EXIT, exitCodeOf, type ExitCode } from './exit.js';
import { printableLines, remark } from './output.js';

/** Runs one command line to its end. Resolves with the exit code; has said why on standard error when it is not 0. */
export async function runCli(program: Command, args: readonly string[]): Promise<ExitCode> {
  prepare(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // commander has written its own message; help and version are no errors
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    for (const line of errorLines(error)) remark(line);
    return exitCodeOf(error);
  }
}

/** Commands that were added ready-made do not take over their parent's settings. */
function prepare(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replace(/\s*\n\s*/g, ' ').replace(/\.$/, '')}; usage: ${pathOf(command)} --help\n`) });
  command.commands.forEach(prepare);
}

const pathOf = (command: Command): string => (command.parent ? `${pathOf(command.parent)} ` : '') + command.name();

/** `error: what; next move (cause)`. A wrong configuration names every wrong key, one a line. */
export function errorLines(error: unknown): string[] {
  const message = error instanceof Error ? error.message : String(error);
  const [first = '', ...more] = printableLines(redactText(message));
  return [`error: ${first}${causeText(error)}`, ...more];
}

function causeText(error: unknown): string {
  if (!isKubernautError(error) || error.cause === undefined) return '';
  const { code, message } = error.cause as { code?: unknown; message?: unknown };
  const said = typeof code === 'string' ? code : typeof message === 'string' ? message : '';
  return said === '' ? '' : ` (${printableLines(redactText(said))[0]!.slice(0, 160)})`;
}
