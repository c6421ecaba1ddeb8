import { SEARCH_ATTRIBUTES } from '../src/domain/search-attributes.js';

export type SearchAttributeType = 'Keyword' | 'Double' | 'Bool';

const TYPES = { KEYWORD: 'Keyword', DOUBLE: 'Double', BOOL: 'Bool' } as const;

/** What the Web UI and `temporal workflow list` filter remediations by, as the Temporal CLI spells the types. */
export const SEARCH_ATTRIBUTE_LIST: readonly { name: string; type: SearchAttributeType }[] = Object.entries(
  SEARCH_ATTRIBUTES,
).map(([name, type]) => ({ name, type: TYPES[type] }));
