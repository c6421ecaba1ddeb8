import { Command } from 'commander';
import type { PauseScope } from '../../contracts/api.js';
import { queryText } from '../client.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { printable, writeLine } from '../output.js';
import { scopeOf, scopeText, withScope } from './pause.js';

export function resumeCommand(): Command {
  const command = withScope(new Command('resume'))
    .description('lift a pause; name exactly the scope that was paused')
    .action(async (options: PauseScope & { scope?: PauseScope }, self: Command) => {
      const scope = scopeOf(options);
      const left = await clientFor(self).send<{ items: unknown[] }>('DELETE', `/api/v1/pauses${queryText(scope)}`);
      const others = left.items.length === 0 ? '' : `; ${left.items.length} other pauses still hold, see: kubernaut pauses`;
      writeLine(printable(`writes go on ${scopeText(scope)}${others}`));
    });
  return withExamples(command, 'kubernaut resume', 'kubernaut resume --namespace shop');
}
