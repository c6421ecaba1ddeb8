import { Command, Option } from 'commander';
import type { Remediation } from '../../contracts/remediation.js';
import { OUTCOMES, PHASES } from '../../domain/remediation.js';
import { queryText, type Client } from '../client.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { instantOrDuration, wholeNumber } from '../option-values.js';
import { outputOption, print, remark, type Format } from '../output.js';
import { REMEDIATION_COLUMNS } from '../remediation-columns.js';

/** The gateway's own limit of one page. */
const MAX_PAGE = 500;

interface Filter {
  phase?: string;
  namespace?: string;
  outcome?: string;
  target?: string;
  since?: string;
}

interface ListOptions extends Filter {
  limit: number;
  output: Format;
}

export function listCommand(): Command {
  const command = new Command('list')
    .alias('ls')
    .description('remediations, newest first')
    .addOption(new Option('--phase <phase>', 'only in this phase').choices([...PHASES]))
    .option('-n, --namespace <namespace>', 'only of targets in this namespace')
    .addOption(new Option('--outcome <outcome>', 'only with this outcome').choices([...OUTCOMES]))
    .option('--target <target>', 'only of this target: deployment/api, or a name')
    .option('--since <time>', 'started since: 24h, 30m, or an RFC 3339 time', instantOrDuration)
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .addOption(outputOption())
    .action(async ({ limit, output, ...filter }: ListOptions, self: Command) => {
      const { items, hasMore } = await fetchRemediations(clientFor(self), filter, limit);
      print(items, output, REMEDIATION_COLUMNS, (r) => r.id, { items });
      if (hasMore && (output === 'table' || output === 'wide')) remark(`there are more; show them with: kubernaut list --limit ${limit * 4}`);
    });
  return withExamples(command, 'kubernaut list --since 24h', 'kubernaut list --phase awaiting_approval -o wide', 'kubernaut list -n shop --outcome escalated -o name');
}

/** Follows the cursors until `limit` are there or nothing is left. */
export async function fetchRemediations(client: Client, filter: Filter, limit: number): Promise<{ items: Remediation[]; hasMore: boolean }> {
  const { phase, namespace, outcome, target, since } = filter;
  const items: Remediation[] = [];
  let cursor: string | undefined;
  do {
    const query = queryText({ phase, namespace, outcome, target, since, limit: Math.min(MAX_PAGE, limit - items.length), cursor });
    const page = await client.get<{ items: Remediation[]; next?: string }>(`/api/v1/remediations${query}`);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined && items.length < limit);
  return { items: items.slice(0, limit), hasMore: cursor !== undefined };
}
