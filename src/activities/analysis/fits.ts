import { Ajv, type ValidateFunction } from 'ajv';

type Schema = Record<string, unknown>;

/** Compiled forms of answers, by their text. Few: the ids of a remediation are not part of a form. */
const forms = new Map<string, ValidateFunction>();
const MOST_FORMS = 32;

/**
 * Why an answer does not fit its schema, as paths and rules, never values; undefined when it does. Compiling a schema of the
 * whole catalogue takes a hundred times as long as using it, and blocks everybody else: so it is compiled without the ids of this
 * remediation, which are compared apart.
 */
export function misfitOf(schema: Schema, answer: unknown): string | undefined {
  const validate = compiled(schema);
  if (!validate(answer)) return (validate.errors ?? []).slice(-4).map((e) => `${e.instancePath || 'answer'}: ${e.keyword}`).join('; ') || 'unknown';
  return wrongId(schema, answer as Schema);
}

function compiled(schema: Schema): ValidateFunction {
  const form = JSON.stringify(schema, (key, value: unknown) => (key === 'target_id' ? { type: 'string' } : value));
  const known = forms.get(form);
  if (known) return known;
  if (forms.size >= MOST_FORMS) forms.delete(forms.keys().next().value!);
  const validate = new Ajv({ strict: false, allErrors: false, coerceTypes: false, validateFormats: false }).compile(JSON.parse(form) as Schema);
  forms.set(form, validate);
  return validate;
}

interface ItemSchema {
  properties: Record<string, { const?: unknown; enum?: unknown[] }>;
}

/** The lists of an answer, and what names the form of one of their items. */
const LISTS = { proposals: 'action', ask: 'tool' } as const;

function wrongId(schema: Schema, answer: Schema): string | undefined {
  const lists = schema['properties'] as Record<string, { items?: { anyOf?: ItemSchema[] } }>;
  for (const [list, kind] of Object.entries(LISTS)) {
    const given = (answer[list] ?? []) as Schema[];
    const at = given.findIndex((item) => !isListed(lists[list]?.items?.anyOf?.find((form) => form.properties[kind]?.const === item[kind]), item));
    if (at >= 0) return `/${list}/${at}/target_id: enum`;
  }
  return undefined;
}

const isListed = (form: ItemSchema | undefined, { target_id: id }: Schema): boolean => form?.properties['target_id']?.enum?.includes(id) ?? true;
