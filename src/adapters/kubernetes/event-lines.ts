import type { EventLine } from '../../domain/evidence.js';
import type { KubeObject } from '../../domain/kube.js';
import type { ObjectIndex } from './object-index.js';

/** Events about these objects, oldest first, in one shape for both of Kubernetes' event APIs. */
export function eventLines(index: ObjectIndex, objects: readonly { kind: string; namespace?: string; name: string }[]): EventLine[] {
  return objects
    .flatMap((o) => index.eventsAbout(o))
    .map(lineOf)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

export const lineOf = (event: KubeObject): EventLine => ({
  at: firstOf(event.series?.lastObservedTime, event.lastTimestamp, event.deprecatedLastTimestamp, event.eventTime, event.metadata.creationTimestamp) ?? '',
  type: event.type === 'Warning' ? 'Warning' : 'Normal',
  reason: event.reason ?? '',
  message: firstOf(event.message, event.note) ?? '',
  object: objectOf(event.involvedObject ?? event.regarding),
  count: firstOf(event.series?.count, event.count, event.deprecatedCount) ?? 1,
});

const firstOf = <T>(...values: (T | null | undefined)[]): T | undefined => values.find((v) => v !== null && v !== undefined) ?? undefined;

const objectOf = (about: { kind?: string; namespace?: string; name?: string } | undefined): EventLine['object'] => ({
  kind: about?.kind ?? '',
  ...(about?.namespace ? { namespace: about.namespace } : {}),
  name: about?.name ?? '',
});
