import type { Action } from '../../actions/index.js';
import { Cpu, Duration, Memory, Name, Namespace } from '../../actions/parameters.js';
import { boundsOf, permissionText, undoText } from '../action-page.js';
import { code, fenced, generated, page, tableOf } from './markdown.js';

const TIERS = [
  ['0', 'writes nothing', 'runs at every autonomy level'],
  ['1', 'low risk', 'asks at `approve`, runs at `auto`'],
  ['2', 'medium risk', 'asks at `approve`, runs at `auto`'],
  ['3', 'high risk', 'asks, also at `auto`, unless that action itself is set to `auto`'],
];

type Schema = Parameters<typeof boundsOf>[0];

/** Patterns that people need not read; the exact ones are in `kubernaut actions <id>`. */
const IN_WORDS = new Map([
  [Namespace.pattern, 'a name (RFC 1123 label)'],
  [Name.pattern, 'a name (RFC 1123 subdomain)'],
  [Memory.pattern, 'an amount with its unit, like 512Mi'],
  [Cpu.pattern, 'cores or millicores, like 2 or 250m'],
  [Duration.pattern, 'a duration, like 90s, 30m or 2h'],
]);

const valuesOf = (schema: Schema): string => IN_WORDS.get(schema.pattern) ?? code(boundsOf(schema));

export const renderActions = (members: readonly Action[]): string =>
  page(
    generated('Actions'),
    `The closed catalogue of what Kubernaut can do. A model and an analyzer can propose nothing else, and every proposal passes the same checks.
\`kubernaut actions <id>\` prints the same. A plan can raise the tier of a step (scaling down is tier 3, for instance).`,
    tableOf(['tier', 'means', 'decision'], TIERS),
    tableOf(
      ['action', 'tier', 'acts on', 'undo', 'what it does'],
      members.map((a) => [`[${a.id}](#${a.id})`, String(a.tier), a.targets.join(', ') || 'no object', typeof a.undo === 'string' ? a.undo : 'none', a.summary]),
    ),
    ...members.map(actionSection),
  );

function actionSection(action: Action): string {
  const { properties, required = [] } = action.params as unknown as { properties: Record<string, Schema>; required?: string[] };
  const parameters = Object.entries(properties).map(([name, schema]) => [code(name), required.includes(name) ? 'yes' : 'no', valuesOf(schema), schema.description ?? '']);
  return page(
    `## ${action.id}`,
    action.summary,
    tableOf(
      ['', ''],
      [
        ['Tier', String(action.tier)],
        ['Acts on', action.targets.join(', ') || 'no object'],
        ['Undo', undoText(action)],
        ['Timeout', `${action.timeoutS ?? 300} s`],
        ['Permissions', action.permissions.map((p) => code(permissionText(p))).join(', ') || 'reading only'],
        ...(action.isContainment ? [['Effect', 'contains the trouble; the condition may stay']] : []),
        ...(action.hiddenFromModel?.length ? [['Never from a model', action.hiddenFromModel.map(code).join(', ')]] : []),
      ],
    ),
    tableOf(['parameter', 'required', 'values', ''], parameters),
    fenced('json', JSON.stringify({ action: action.id, parameters: action.example }, null, 2)),
  );
}
