import type { Action } from './index.js';

/** JSON Schema, plain. */
export type JsonSchema = Record<string, unknown>;

interface ObjectSchema {
  properties: Record<string, JsonSchema>;
  required?: string[];
}

/**
 * What a model may propose: one item of the catalogue for one object of the list it was given. Closed at every level.
 * It picks a `target_id`; the parameters that name objects are filled in by `parametersFor`, so it cannot write names.
 * `targetIds` narrows the ids to that list. `notify_only` and its like, which act on no object, take an id too: what they are about.
 */
export function proposalSchema(members: readonly Action[], targetIds?: readonly string[]): JsonSchema {
  const target = targetIds?.length ? { type: 'string', enum: [...targetIds] } : { type: 'string', minLength: 1, maxLength: 64 };
  return { anyOf: members.map((action) => itemSchema(action, target)) };
}

function itemSchema(action: Action, target: JsonSchema): JsonSchema {
  const properties = {
    action: { type: 'string', const: action.id, description: action.summary },
    target_id: target,
    parameters: freeParameters(action),
    confidence: { type: 'number', minimum: 0, maximum: 1 },
    reason: { type: 'string', minLength: 1, maxLength: 2000 },
  };
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

/** The action's schema without its locators and what only configuration may set. */
function freeParameters(action: Action): JsonSchema {
  // Symbol keys of TypeBox are dropped: what remains is plain JSON Schema.
  const schema = JSON.parse(JSON.stringify(action.params)) as ObjectSchema;
  const hidden = new Set([...locatorKeys(action), ...(action.hiddenFromModel ?? [])]);
  const properties = Object.fromEntries(Object.entries(schema.properties).filter(([key]) => !hidden.has(key)));
  return { type: 'object', additionalProperties: false, required: (schema.required ?? []).filter((key) => !hidden.has(key)), properties };
}

export const locatorKeys = (action: Action): string[] => [
  ...new Set(action.targets.flatMap((kind) => Object.keys(action.locate({ apiVersion: 'v1', kind, namespace: 'n', name: 'n' })))),
];

/** Full parameters from what a model chose: its own, under the locators of the object it picked (which win). */
export const parametersFor = (action: Action, target: Parameters<Action['locate']>[0], free: Record<string, unknown>): Record<string, unknown> => ({
  ...free,
  ...action.locate(target),
});
