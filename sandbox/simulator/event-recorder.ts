import { KubeRequestError, tolerating, type KubeClient } from './kube-client.js';
import type { Pod } from './kube-types.js';
import type { PodEvent } from './memory.js';
import { taskPool } from './task-pool.js';

export interface EventRecorder {
  record(pod: Pod, event: PodEvent): void;
  forget(podUid: string): void;
}

interface Known {
  name: string;
  count: number;
}

const isGone = [403, 404, 409];

function bodyOf(pod: Pod, event: PodEvent, name: string, count: number): object {
  const now = new Date().toISOString().slice(0, 19) + 'Z';
  const { namespace, name: podName, uid, resourceVersion } = pod.metadata;
  const field = event.isInit ? 'spec.initContainers' : 'spec.containers';
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace,
      name: podName,
      uid,
      resourceVersion,
      ...(event.container ? { fieldPath: `${field}{${event.container}}` } : {}),
    },
    type: event.type,
    reason: event.reason,
    message: event.message,
    source: { component: 'kubelet', host: pod.spec.nodeName },
    reportingComponent: 'kubelet',
    reportingInstance: pod.spec.nodeName,
    firstTimestamp: now,
    lastTimestamp: now,
    count,
  };
}

/** Writes core/v1 Events as a kubelet does: the same thing said again raises the count of the first Event. */
export function eventRecorderOf(client: KubeClient, onError: (error: unknown) => void): EventRecorder {
  const pool = taskPool(4, onError);
  const known = new Map<string, Map<string, Known>>();
  let serial = Date.now() * 1000;

  const write = async (pod: Pod, event: PodEvent, entry: Known): Promise<void> => {
    const path = `/api/v1/namespaces/${pod.metadata.namespace ?? 'default'}/events`;
    if (entry.count > 1) {
      const lastTimestamp = new Date().toISOString().slice(0, 19) + 'Z';
      try {
        await client.request('merge', `${path}/${entry.name}`, { count: entry.count, lastTimestamp });
        return;
      } catch (error) {
        // the Event expired or was deleted: it is written anew below
        if (!(error instanceof KubeRequestError) || error.status !== 404) throw error;
      }
    }
    // the namespace may be going away: nobody will miss the Event
    await tolerating(isGone, client.request('POST', path, bodyOf(pod, event, entry.name, entry.count)));
  };

  return {
    record(pod, event) {
      const { uid, name } = pod.metadata;
      let ofPod = known.get(uid);
      if (!ofPod) known.set(uid, (ofPod = new Map()));
      const key = `${event.reason}/${event.container ?? ''}/${event.message}`;
      const entry = ofPod.get(key) ?? { name: `${name}.${(serial++).toString(16)}`, count: 0 };
      entry.count++;
      ofPod.set(key, entry);
      const snapshot = { ...entry };
      pool.run(() => write(pod, event, snapshot));
    },
    forget: (uid) => void known.delete(uid),
  };
}
