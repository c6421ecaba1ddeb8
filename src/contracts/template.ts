import { Type, type Static } from '@sinclair/typebox';

const Id = Type.String({ pattern: '^[a-z][a-z0-9-]{0,40}$', description: 'small letters, digits, dashes' });
const Scalar = Type.Union([Type.String({ maxLength: 253 }), Type.Integer(), Type.Boolean()]);

/** One parameter a person or a model may set when it chooses the template. */
export const TemplateParameter = Type.Object(
  {
    type: Type.Union([Type.Literal('string'), Type.Literal('integer')]),
    description: Type.String({ minLength: 1, maxLength: 200 }),
    default: Type.Optional(Scalar),
  },
  { additionalProperties: false },
);

export const TemplateStep = Type.Object(
  {
    id: Id,
    action: Type.String({ pattern: '^[a-z][a-z_]+$' }),
    on: Type.Optional(
      Type.String({
        pattern: '^(proposal|target|step:[a-z][a-z0-9-]{0,40})$',
        description: 'proposal (default): object and parameters are those that analyzers or the model propose for this action; target: the object in trouble; step:<id>: the object of another step',
      }),
    ),
    needs: Type.Optional(Type.Array(Id, { description: 'steps of this rung that must have been applied first; without it the step starts at once' })),
    optional: Type.Optional(Type.Boolean({ description: 'the rung goes on without it when it cannot be planned or fails' })),
    with: Type.Optional(
      Type.Record(Type.String(), Type.Union([Scalar, Type.Object({ param: Type.String() }, { additionalProperties: false })]), {
        description: 'parameters of the action: a value, or { param: name } of the template',
      }),
    ),
  },
  { additionalProperties: false },
);
export type TemplateStep = Static<typeof TemplateStep>;

export const TemplateRung = Type.Object(
  { title: Type.String({ minLength: 3, maxLength: 100 }), steps: Type.Array(TemplateStep, { minItems: 1, maxItems: 20 }) },
  { additionalProperties: false },
);
export type TemplateRung = Static<typeof TemplateRung>;

/** A way to answer one kind of trouble: rungs that are tried one after the other, each a graph of actions. */
export const Template = Type.Object(
  {
    id: Id,
    version: Type.Integer({ minimum: 1, description: 'raised with every change: plans name it' }),
    summary: Type.String({ minLength: 10, maxLength: 200 }),
    causes: Type.Array(Type.String({ pattern: '^[a-z_]+(\\.([a-z_]+|\\*))?$' }), {
      description: 'causes of analyzers that choose it: `oom.growth`, or `oom.*`; empty: only a model or a person chooses it',
    }),
    parameters: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' }), TemplateParameter)),
    rungs: Type.Array(TemplateRung, { minItems: 1, maxItems: 10 }),
  },
  { additionalProperties: false },
);
export type Template = Static<typeof Template>;
