import { Type, type Static } from '@sinclair/typebox';

/** One filter rule as it holds now. */
export const FilterRuleInfo = Type.Object({
  name: Type.String(),
  origin: Type.String({ description: 'shipped or file' }),
  when: Type.String({ description: 'CEL' }),
  does: Type.String({ description: 'in words' }),
  state: Type.String({ description: 'in_force, expired, or failing: it could not be evaluated for some signals' }),
  owner: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  expires: Type.Optional(Type.String({ description: 'RFC 3339' })),
  hits: Type.Optional(Type.Integer({ description: 'signals it acted on in the last 7 days; absent while the store is out of reach' })),
  last_hit: Type.Optional(Type.String({ description: 'RFC 3339' })),
  errors: Type.Integer({ description: 'signals it could not be evaluated for, in this process, since the file was read' }),
  last_error: Type.Optional(Type.String()),
});
export type FilterRuleInfo = Static<typeof FilterRuleInfo>;

export const FilterList = Type.Object({
  file: Type.Optional(Type.String({ description: 'where the rules that are not shipped come from' })),
  items: Type.Array(FilterRuleInfo, { description: 'in order' }),
  issues: Type.Array(Type.String()),
});
export type FilterList = Static<typeof FilterList>;
