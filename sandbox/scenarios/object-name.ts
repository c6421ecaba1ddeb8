import type { ResourceType, ResourceTypes } from './resource-types.js';
import { unknownKind } from './resource-types.js';

/** A concrete object a scenario names. */
export interface ObjectName {
  type: ResourceType;
  namespace?: string;
  /** May end in `*` where a list of objects is meant. */
  name: string;
}

/**
 * `kind/name` or `namespace/kind/name`; the kind by any word kubectl knows. An explicit `namespace:` beside it wins over
 * the file's own. Throws NotFound for a kind that is not served.
 */
export function parseObjectName(text: string, types: ResourceTypes, own: { file: string; explicit?: string }): ObjectName {
  const parts = text.split('/');
  const [prefix, kind = '', name = ''] = parts.length === 3 ? parts : [undefined, ...parts];
  const type = types.byWord(kind);
  if (!type) throw unknownKind(`"${kind}" (in ${text})`);
  return { type, name, ...(type.isNamespaced ? { namespace: own.explicit ?? prefix ?? own.file } : {}) };
}

export const describeName = ({ type, namespace, name }: ObjectName): string => `${namespace ? `${namespace}/` : ''}${type.kind.toLowerCase()}/${name}`;

export const matchesName = (wanted: string, name: string): boolean => (wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : wanted === name);
