import { Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { KubernautError } from '../src/domain/errors.js';
import { SEARCH_ATTRIBUTE_LIST } from './search-attributes.js';
import type { SearchAttributeType } from './search-attributes.js';

/** temporal.api.enums.v1.IndexedValueType, whose numbers are part of the wire format. */
const INDEXED_VALUE_TYPE: Record<SearchAttributeType, number> = { Keyword: 2, Double: 4, Bool: 5 };

/**
 * Registers the search attributes a namespace lacks, on a server that we did not start. Resolves with the names it added.
 * Throws ConfigInvalid when one exists with another type, which only an administrator can mend, and TemporalUnavailable.
 */
export async function ensureSearchAttributes(
  address: string,
  namespace: string,
  options: Omit<ConnectionOptions, 'address'> = {},
): Promise<string[]> {
  const connection = await Connection.connect({ ...options, address }).catch((cause: unknown) => {
    throw new KubernautError('TemporalUnavailable', `Temporal at ${address} does not answer; check TEMPORAL_ADDRESS`, cause);
  });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = missingAttributes(customAttributes ?? {}, namespace);
    if (Object.keys(missing).length > 0) {
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
    }
    return Object.keys(missing);
  } finally {
    await connection.close();
  }
}

function missingAttributes(present: Record<string, number | null>, namespace: string): Record<string, number> {
  const missing: Record<string, number> = {};
  for (const { name, type } of SEARCH_ATTRIBUTE_LIST) {
    const wanted = INDEXED_VALUE_TYPE[type];
    const found = present[name];
    if (found === undefined || found === null) missing[name] = wanted;
    else if (found !== wanted) {
      throw new KubernautError('ConfigInvalid', `search attribute ${name} of Temporal namespace ${namespace} is not a ${type}; remove it with \`temporal operator search-attribute remove --name ${name}\``);
    }
  }
  return missing;
}
