import { Command, InvalidArgumentError } from 'commander';
import type { PauseBody, PauseScope, PauseSet } from '../../contracts/api.js';
import { withExamples } from '../examples.js';
import { EXIT, Exit } from '../exit.js';
import { clientFor } from '../globals.js';
import { instantOrDuration } from '../option-values.js';
import { printable, writeLine } from '../output.js';
import { userName } from './decide.js';

interface PauseOptions extends PauseScope {
  scope?: PauseScope;
  reason: string;
  until?: string;
  by: string;
}

export function pauseCommand(): Command {
  const command = withScope(new Command('pause'))
    .description('kill switch: no new writes, everywhere or in one scope; running waits and verifications go on')
    .requiredOption('--reason <text>', 'why; everybody who is stopped by it reads it')
    .option('--until <time>', 'ends by itself: 2h, or an RFC 3339 time', instantOrDuration)
    .option('--by <name>', 'who; default: your user name', userName())
    .action(async (options: PauseOptions, self: Command) => {
      const { reason, until, by } = options;
      const body: PauseBody = { ...scopeOf(options), reason, by, ...(until === undefined ? {} : { until }) };
      const set = await clientFor(self).send<PauseSet>('POST', '/api/v1/pauses', body);
      const end = set.until === undefined ? 'until somebody resumes' : `until ${set.until}`;
      writeLine(printable(`writes are paused ${scopeText(set)} ${end}; lift it with: kubernaut resume${scopeFlags(set)}`));
      for (const line of stopLines(set)) writeLine(printable(line));
    });
  return withExamples(command, 'kubernaut pause --reason "incident in progress" --until 2h', 'kubernaut pause --namespace shop --reason "release freeze"', 'kubernaut pause --scope action=restart_pod --reason "seen to make it worse"');
}

const MOST_SHOWN = 20;

/** What the pause stops, for the one who threw it. */
function stopLines({ stops }: PauseSet): string[] {
  if (stops.length === 0) return ['nothing was about to be written'];
  const shown = stops.slice(0, MOST_SHOWN).map((s) => `  ${s.id}  ${s.target}  (${s.phase.replace('_', ' ')})`);
  const rest = stops.length > MOST_SHOWN ? [`  and ${stops.length - MOST_SHOWN} more; see: kubernaut list`] : [];
  return [`it stops ${stops.length} remediation${stops.length === 1 ? '' : 's'} before the next write:`, ...shown, ...rest];
}

/** `--namespace shop` and `--scope namespace=shop` say the same. Without any of them: everything. */
export const withScope = (command: Command): Command =>
  command
    .option('--cluster <cluster>', 'only on this cluster')
    .option('-n, --namespace <namespace>', 'only in this namespace')
    .option('--action <action>', 'only this action')
    .option('--scope <scope>', 'the same in one: cluster=prod,namespace=shop,action=restart_pod', parseScope);

const KEYS = ['cluster', 'namespace', 'action'] as const;

function parseScope(text: string): PauseScope {
  const scope: PauseScope = {};
  for (const part of text.split(',')) {
    const [name = '', ...value] = part.split('=');
    const key = KEYS.find((k) => k === name.trim());
    if (key === undefined || value.join('=').trim() === '') throw new InvalidArgumentError('Write it as cluster=…, namespace=… or action=….');
    scope[key] = value.join('=').trim();
  }
  return scope;
}

export function scopeOf({ scope = {}, ...flags }: PauseScope & { scope?: PauseScope }): PauseScope {
  const merged: PauseScope = {};
  for (const key of KEYS) {
    if (scope[key] !== undefined && flags[key] !== undefined && scope[key] !== flags[key]) throw new Exit(EXIT.usage, `--scope ${key}=${scope[key]} and --${key} ${flags[key]} contradict each other; give one of them`);
    const value = flags[key] ?? scope[key];
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}

export const scopeText = (s: PauseScope): string => {
  const parts = [s.action && `of ${s.action}`, s.namespace && `in namespace ${s.namespace}`, s.cluster && `on cluster ${s.cluster}`].filter(Boolean);
  return parts.length === 0 ? 'everywhere' : parts.join(' ');
};

export const scopeFlags = (s: PauseScope): string => KEYS.map((k) => (s[k] === undefined ? '' : ` --${k} ${s[k]}`)).join('');
