import type { ContainerStatus, Pod } from '../simulator/kube-types.js';
import type { ClusterView } from '../simulator/world.js';
import { labelsOf, type Active, type Rule } from './rule.js';

interface Place {
  pod: Pod;
  status: ContainerStatus;
}

const placesOf = (view: ClusterView): Place[] =>
  view
    .list('Pod')
    .filter((pod) => !pod.metadata.deletionTimestamp)
    .flatMap((pod) => [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].map((status) => ({ pod, status })));

const name = (pod: Pod): string => `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;

function containerLabels({ pod, status }: Place, more: Record<string, string> = {}): Active['labels'] {
  return labelsOf({ namespace: pod.metadata.namespace, pod: pod.metadata.name, container: status.name, uid: pod.metadata.uid, ...more });
}

/** A crash loop is a container that waits in back-off, or is up only since its last crash a moment ago. */
function isCrashLooping({ status }: Place): boolean {
  if (status.state.waiting?.reason === 'CrashLoopBackOff') return true;
  const isAgain = status.restartCount > 0 && !status.ready && status.lastState.terminated !== undefined && status.lastState.terminated.exitCode !== 0;
  return isAgain && (status.state.running !== undefined || status.state.terminated !== undefined);
}

export const podCrashLooping: Rule = {
  alertname: 'KubePodCrashLooping',
  severity: 'warning',
  forMs: 3000,
  active: (view) =>
    placesOf(view)
      .filter(isCrashLooping)
      .map((place) => ({
        labels: containerLabels(place, { reason: 'CrashLoopBackOff' }),
        annotations: {
          summary: 'Pod is crash looping.',
          description: `Pod ${name(place.pod)} (${place.status.name}) is in waiting state (reason: "CrashLoopBackOff").`,
        },
      })),
};

const quietReasons = new Set(['CrashLoopBackOff', 'ContainerCreating', 'PodInitializing']);

/** Ordinary starting is no trouble; a creation that never ends is, like a missing volume. */
function isStuckWaiting({ pod, status }: Place, nowMs: number): boolean {
  const reason = status.state.waiting?.reason;
  if (!reason) return false;
  if (!quietReasons.has(reason)) return true;
  return reason === 'ContainerCreating' && nowMs - Date.parse(pod.metadata.creationTimestamp ?? '') > 8000;
}

export const containerWaiting: Rule = {
  alertname: 'KubeContainerWaiting',
  severity: 'warning',
  forMs: 3000,
  active: (view, nowMs) =>
    placesOf(view)
      .filter((place) => isStuckWaiting(place, nowMs))
      .map((place) => {
        const reason = place.status.state.waiting?.reason ?? '';
        return {
          // ErrImagePull and ImagePullBackOff take turns: one alert, not two
          labels: containerLabels(place, { reason: reason === 'ErrImagePull' ? 'ImagePullBackOff' : reason }),
          annotations: {
            summary: 'Pod container waiting longer than expected.',
            description: `Container ${place.status.name} in pod ${name(place.pod)} has been in waiting state for too long. (reason: "${reason}")`,
          },
        };
      }),
};

/** Wider than kube-prometheus', which waits for Pending or Failed pods: here a Running pod that is not Ready counts. A Job speaks for its own pods. */
function isUnready(pod: Pod): boolean {
  const { phase, conditions } = pod.status ?? {};
  if (pod.metadata.deletionTimestamp || phase === 'Succeeded' || pod.metadata.ownerReferences?.some((one) => one.kind === 'Job')) return false;
  return !conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
}

export const podNotReady: Rule = {
  alertname: 'KubePodNotReady',
  severity: 'warning',
  forMs: 5000,
  active: (view) =>
    view
      .list('Pod')
      .filter(isUnready)
      .map((pod) => ({
        labels: labelsOf({ namespace: pod.metadata.namespace, pod: pod.metadata.name }),
        annotations: {
          summary: 'Pod has been in a non-ready state for too long.',
          description: `Pod ${name(pod)} has been in a non-ready state for longer than expected.`,
        },
      })),
};

export const containerOomKilled: Rule = {
  alertname: 'KubeContainerOOMKilled',
  severity: 'warning',
  forMs: 2000,
  active: (view) =>
    placesOf(view)
      .filter(({ status }) => !status.ready && (status.lastState.terminated?.reason === 'OOMKilled' || status.state.terminated?.reason === 'OOMKilled'))
      .map((place) => ({
        labels: containerLabels(place, { reason: 'OOMKilled' }),
        annotations: {
          summary: 'Container was killed because it ran out of memory.',
          description: `Container ${place.status.name} in pod ${name(place.pod)} has been OOMKilled ${String(place.status.restartCount)} times.`,
        },
      })),
};
