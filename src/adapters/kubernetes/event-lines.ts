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

export function lineOf(event: KubeObject): EventLine {
  const about = event.involvedObject ?? event.regarding;
  return {
    at: event.series?.lastObservedTime ?? event.lastTimestamp ?? event.deprecatedLastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '',
    type: event.type === 'Warning' ? 'Warning' : 'Normal',
    reason: event.reason ?? '',
    message: event.message ?? event.note ?? '',
    object: { kind: about?.kind ?? '', ...(about?.namespace ? { namespace: about.namespace } : {}), name: about?.name ?? '' },
    count: event.series?.count ?? event.count ?? event.deprecatedCount ?? 1,
  };
}
