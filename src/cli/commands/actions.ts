import { Command } from 'commander';
import { actions, canonicalActionId, type Action } from '../../actions/index.js';
import { actionPage, permissionText, undoText } from '../action-page.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { outputOption, print, writeLine, type Column, type Format } from '../output.js';

const COLUMNS: readonly Column<Action>[] = [
  { title: 'ID', value: (a) => a.id },
  { title: 'TIER', value: (a) => String(a.tier) },
  { title: 'TARGETS', value: (a) => a.targets.join(',') || '-' },
  { title: 'UNDO', value: (a) => (typeof a.undo === 'string' ? a.undo : 'none') },
  { title: 'SUMMARY', value: (a) => a.summary },
  { title: 'PERMISSIONS', value: (a) => a.permissions.map(permissionText).join('; ') || '-', isWide: true },
];

/** From the catalogue of this program: works without a gateway. */
export function actionsCommand(): Command {
  const command = new Command('actions')
    .description('what can be done; with an id: parameters, bounds, example, permissions')
    .argument('[id]', 'id of an action')
    .addOption(outputOption())
    .action((id: string | undefined, { output }: { output: Format }) => {
      const members = [...actions.members];
      if (id === undefined) return print(members, output, COLUMNS, (a) => a.id, { items: members.map(documentOf) });
      const action = members.find((a) => a.id === canonicalActionId(id));
      if (!action) throw new Exit(EXIT.failed, `there is no action ${id}; see: kubernaut actions`);
      if (output === 'table') return writeLine(actionPage(action));
      print([action], output, COLUMNS, (a) => a.id, documentOf(action));
    });
  return withExamples(command, 'kubernaut actions', 'kubernaut actions scale_deployment', 'kubernaut actions -o json');
}

/** The shape of `GET /api/v1/actions`. */
const documentOf = (a: Action): object => ({
  id: a.id, summary: a.summary, tier: a.tier, targets: a.targets, undo: undoText(a), timeout_seconds: a.timeoutS ?? 300,
  parameters: a.params, permissions: a.permissions, example: a.example,
});
