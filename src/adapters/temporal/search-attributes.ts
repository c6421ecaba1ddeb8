import { defineSearchAttributeKey, TypedSearchAttributes, type SearchAttributePair } from '@temporalio/common';
import { SEARCH_ATTRIBUTES, type SearchAttributeName } from '../../domain/search-attributes.js';
import { environmentOf, type Signal } from '../../domain/signal.js';
import type { Target } from '../../domain/target.js';

/** Visibility stores refuse longer keywords. */
const MAX_KEYWORD = 255;

/** The typed keys under which a remediation is found in the Web UI and with `temporal workflow list`. */
export const SEARCH_ATTRIBUTE_KEYS = Object.fromEntries(
  Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, defineSearchAttributeKey(name, type)]),
) as Record<SearchAttributeName, ReturnType<typeof defineSearchAttributeKey>>;

/** What is known of a remediation when it starts. Unencrypted in the visibility store: names only, no texts. */
export function initialSearchAttributes(target: Target, signal: Signal): TypedSearchAttributes {
  const values: Partial<Record<SearchAttributeName, string | boolean | undefined>> = {
    KubernautPhase: 'received',
    KubernautSeverity: signal.severity,
    KubernautCluster: target.cluster,
    KubernautNamespace: target.namespace,
    KubernautTarget: `${target.kind}/${target.name}`,
    KubernautAlert: signal.alert,
    KubernautEnvironment: environmentOf(signal),
    KubernautAwaitingApproval: false,
  };
  return new TypedSearchAttributes(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || value === ''
        ? []
        : [{ key: SEARCH_ATTRIBUTE_KEYS[name as SearchAttributeName], value: typeof value === 'string' ? value.slice(0, MAX_KEYWORD) : value } as SearchAttributePair],
    ),
  );
}
