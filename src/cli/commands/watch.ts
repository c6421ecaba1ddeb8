import { Command } from 'commander';
import type { Remediation } from '../../contracts/remediation.js';
import type { Outcome } from '../../domain/remediation.js';
import { describeTarget } from '../../domain/target.js';
import type { Client } from '../client.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { durationOption } from '../option-values.js';
import { printable, remark, writeLine } from '../output.js';
import { pollUntil } from '../patient-polling.js';
import { phaseChanges } from '../phase-changes.js';
import { getRemediation, REF_HELP, withNamespace } from '../remediation-ref.js';
import { timelineLine } from '../timeline-line.js';
import { fetchRemediations } from './list.js';

const ONE_MS = 500;
const ALL_MS = 1500;
const WATCHED = 100;

/** Ends after which a script may go on as if nothing were wrong. */
const GOOD: ReadonlySet<Outcome> = new Set(['fixed', 'improved', 'no_action_needed', 'already_resolved', 'observed', 'notified']);

interface WatchOptions {
  namespace?: string;
  timeout?: number;
}

export function watchCommand(): Command {
  const command = new Command('watch')
    .description('follow one remediation until it is closed, or all of them until Ctrl-C')
    .argument('[id]', REF_HELP)
    .option('--timeout <duration>', 'give up watching after this (exit code 4)', durationOption)
    .addHelpText('after', `\nExit codes with an id: 0 ${[...GOOD].join(', ')}; 1 any other outcome; 4 the timeout passed.`)
    .action(async (ref: string | undefined, options: WatchOptions, self: Command) => {
      const client = clientFor(self);
      await (ref === undefined ? watchAll(client, options) : watchOne(client, ref, options));
    });
  return withExamples(withNamespace(command), 'kubernaut watch r-1a2b', 'kubernaut watch deployment/api -n shop --timeout 10m', 'kubernaut watch');
}

async function watchOne(client: Client, ref: string, { namespace, timeout }: WatchOptions): Promise<void> {
  const first = await getRemediation(client, ref, namespace);
  writeLine(printable(`${first.id}  ${describeTarget(first.target)} on ${first.cluster}, ${first.severity}`));
  let printed = 0;
  let isAsked = false;
  const show = (r: Remediation): Remediation | undefined => {
    for (const entry of r.timeline.slice(printed)) writeLine(timelineLine(entry));
    printed = Math.max(printed, r.timeline.length);
    if (r.phase === 'awaiting_approval' && !isAsked) remark(printable(`waits for a person: kubernaut approve ${r.id}${r.plan ? ` --plan ${r.plan.hash.slice(0, 12)}` : ''}`));
    isAsked = r.phase === 'awaiting_approval';
    return r.phase === 'closed' ? r : undefined;
  };
  // by id from here on: a target may start its next remediation meanwhile
  const ask = async (): Promise<Remediation | undefined> => show(await getRemediation(client, first.id));
  const closed = show(first) ?? (await pollUntil(ask, { intervalMs: ONE_MS, timeoutMs: timeout, about: first.id }));
  if (closed) conclude(closed);
}

function conclude(r: Remediation): void {
  const said = printable(`${r.id} closed: ${r.outcome ?? 'without an outcome'}${r.reason === undefined ? '' : `: ${r.reason}`}`);
  if (r.outcome !== undefined && GOOD.has(r.outcome)) return writeLine(said);
  throw new Exit(EXIT.failed, `${said}; see: kubernaut show ${r.id}`);
}

async function watchAll(client: Client, { namespace, timeout }: WatchOptions): Promise<void> {
  const stopped = new AbortController();
  process.once('SIGINT', () => stopped.abort());
  const changesOf = phaseChanges();
  const since = new Date().toISOString();
  remark('watching all remediations; Ctrl-C ends it');
  const ask = async (): Promise<undefined> => {
    const { items } = await fetchRemediations(client, { namespace }, WATCHED);
    for (const r of changesOf(items, since)) {
      const action = r.outcome ?? r.plan?.steps.at(-1)?.summary ?? r.problems[0]?.alert ?? '';
      writeLine(printable(`${new Date().toISOString().slice(11, 19)}  ${r.id}  ${r.phase.padEnd(17)}  ${describeTarget(r.target)}  ${action}`));
    }
  };
  await pollUntil(ask, { intervalMs: ALL_MS, signal: stopped.signal, timeoutMs: timeout, about: 'watching' });
}
