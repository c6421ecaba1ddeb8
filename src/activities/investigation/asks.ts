import { KubernautError } from '../../domain/errors.js';
import type { ToolCall } from '../../domain/investigation.js';
import type { PromptTarget } from '../../domain/prompt.js';
import { describeTarget } from '../../domain/target.js';
import type { ToolDefinition } from './define.js';

type JsonSchema = Record<string, unknown>;

/** What a model may ask for: one tool for one id of the list, with closed, bounded arguments. It writes no names. */
export function askSchema(tools: readonly ToolDefinition[], targets: readonly PromptTarget[]): JsonSchema | undefined {
  const items = tools.flatMap((tool) => {
    const ids = targets.filter((t) => looksAt(tool, t)).map((t) => t.id);
    return ids.length === 0 ? [] : [itemSchema(tool, ids)];
  });
  return items.length === 0 ? undefined : { anyOf: items };
}

const looksAt = (tool: ToolDefinition, { ref }: PromptTarget): boolean => tool.kinds === undefined || tool.kinds.includes(ref.kind);

function itemSchema(tool: ToolDefinition, ids: string[]): JsonSchema {
  // Symbol keys of TypeBox are dropped: what remains is plain JSON Schema.
  const args = JSON.parse(JSON.stringify(tool.args)) as { properties: Record<string, JsonSchema>; required?: string[] };
  const properties = { tool: { type: 'string', const: tool.id, description: tool.summary }, target_id: { type: 'string', enum: ids }, ...args.properties };
  return { type: 'object', additionalProperties: false, required: ['tool', 'target_id', ...(args.required ?? [])], properties };
}

/** From the id that the model picked to the object behind it. */
export function callOf(item: Record<string, unknown>, targets: readonly PromptTarget[]): ToolCall {
  const { tool, target_id: targetId, ...args } = item as { tool: string; target_id: string };
  const target = targets.find((t) => t.id === targetId);
  if (!target) throw new KubernautError('ModelAnswerInvalid', { message: 'the answer asks about a target that is not in the list', why: 'target_id is not in the list' });
  return { tool, targetId, target: target.ref, args, summary: summaryOf(tool, target, args) };
}

/** Under 200 bytes: Temporal's limit of a summary. Of the arguments only what is short. */
function summaryOf(tool: string, { ref }: PromptTarget, args: Record<string, unknown>): string {
  const said = Object.entries(args).map(([key, value]) => `${key} ${String(value)}`).join(', ');
  const text = `${tool} ${describeTarget(ref)}${said ? ` (${said})` : ''}`.replace(/[^\x20-\x7e]/g, '?');
  return text.length > 180 ? `${text.slice(0, 179)}~` : text;
}
