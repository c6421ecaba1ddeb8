import type { Action } from '../actions/index.js';
import type { Permission } from '../actions/define.js';
import { printable, table } from './output.js';

interface ParameterSchema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: ParameterSchema[];
  items?: ParameterSchema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  description?: string;
  default?: unknown;
}

export const undoText = ({ undo }: Pick<Action, 'undo'>): string => (typeof undo === 'string' ? undo : undo.irreversible);

/** `get,update apps deployments/scale (namespace)` */
export const permissionText = (p: Permission): string =>
  `${p.verbs.join(',')} ${p.group === '' ? 'core' : p.group} ${p.resource}${p.subresource ? `/${p.subresource}` : ''} ${p.names ? ` of the names ${p.names.join(', ')}` : ''} (${p.scope}${p.isOptional ? ', optional' : ''})`;

/** actions.md 1.4 */
const RISK = ['reads or tells', 'exact inverse, bounded effect', 'disruptive but heals by itself, or its inverse costs a rollout', 'no inverse, or far reaching: a person decides'];

/** One action for a person. */
export function actionPage(action: Action): string {
  const { properties, required = [] } = action.params as unknown as { properties: Record<string, ParameterSchema>; required?: string[] };
  const rows = Object.entries(properties).map(([name, schema]) => [name, required.includes(name) ? 'yes' : 'no', boundsOf(schema), schema.description ?? '']);
  const indent = (text: string): string => text.split('\n').map((line) => `  ${line}`).join('\n');
  return [
    `${action.id}\n  ${action.summary}`,
    table([
      ['Tier', `${action.tier} (${RISK[action.tier] ?? ''})`],
      ['Targets', action.targets.join(', ') || 'no object'],
      ['Undo', undoText(action)],
      ['Timeout', `${action.timeoutS ?? 300} s`],
    ]),
    `Parameters\n${indent(table([['NAME', 'REQUIRED', 'VALUES', ''], ...rows.map((r) => r.map(printable))]))}`,
    `Example\n  ${JSON.stringify({ action: action.id, parameters: action.example })}`,
    `Permissions\n${indent(action.permissions.map(permissionText).join('\n') || 'reading only')}`,
  ].join('\n\n');
}

/** `integer 1..1000`, `Ready | NotReady`, `text ^[a-z]+$`. */
export function boundsOf(schema: ParameterSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(boundsOf).join(' | ');
  const standard = schema.default === undefined ? '' : `, default ${JSON.stringify(schema.default)}`;
  return `${shapeOf(schema)}${standard}`;
}

function shapeOf(schema: ParameterSchema): string {
  switch (schema.type) {
    case 'string':
      return `text${schema.pattern ? ` ${schema.pattern}` : range(schema.minLength, schema.maxLength)}`;
    case 'array':
      return `list${range(schema.minItems, schema.maxItems)} of ${boundsOf(schema.items ?? {})}`;
    default:
      return `${schema.type ?? 'any'}${range(schema.minimum, schema.maximum)}`;
  }
}

const range = (least?: number, most?: number): string => (least === undefined && most === undefined ? '' : ` ${least ?? ''}..${most ?? ''}`);
