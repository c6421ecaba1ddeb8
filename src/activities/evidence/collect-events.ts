import type { EventLine } from '../../domain/evidence.js';
import type { KubeObject } from '../../domain/kube.js';
import type { Cluster } from '../../domain/ports.js';
import { redactText } from '../../domain/redact.js';

const WINDOW_MS = 3_600_000;
const MAX_EVENTS = 300;
const MAX_MESSAGE = 1024;

/** Events about these objects within the last hour, oldest first; of too many the newest. From the cache. */
export const collectEvents = (cluster: Cluster, objects: readonly KubeObject[], nowMs: number): EventLine[] =>
  cluster
    .events(objects.map((o) => ({ kind: o.kind, namespace: o.metadata.namespace, name: o.metadata.name })))
    .filter((e) => nowMs - Date.parse(e.at) <= WINDOW_MS)
    .slice(-MAX_EVENTS)
    .map((e) => ({ ...e, message: redactText(e.message.slice(0, MAX_MESSAGE)) }));
