/** Keywords that strict structured output does not know; our own validation checks them afterwards. */
const UNSUPPORTED = ['minLength', 'maxLength', 'pattern', 'format', 'minItems', 'maxItems', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'default', 'examples', 'uniqueItems', '$id'];

type Schema = Record<string, unknown>;

/**
 * A JSON Schema in the dialect of strict structured output: every member required (optional ones may be null), every
 * object closed. Weaker than the original on purpose: the caller validates the answer against the original.
 */
export function strictSchema(schema: Schema): Schema {
  const kept = Object.fromEntries(Object.entries(schema).filter(([key]) => !UNSUPPORTED.includes(key)));
  if (Array.isArray(kept['anyOf'])) kept['anyOf'] = (kept['anyOf'] as Schema[]).map(strictSchema);
  if (isSchema(kept['items'])) kept['items'] = strictSchema(kept['items']);
  if ('const' in kept) return { type: typeof kept['const'], enum: [kept['const']], ...(kept['description'] ? { description: kept['description'] } : {}) };
  return isSchema(kept['properties']) ? closed(kept, kept['properties'] as Record<string, Schema>) : kept;
}

function closed(schema: Schema, properties: Record<string, Schema>): Schema {
  const required = (schema['required'] as string[] | undefined) ?? [];
  const members = Object.entries(properties).map(([name, member]) => {
    const strict = strictSchema(member);
    return [name, required.includes(name) ? strict : { anyOf: [strict, { type: 'null' }] }];
  });
  return { ...schema, properties: Object.fromEntries(members), required: Object.keys(properties), additionalProperties: false };
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);
