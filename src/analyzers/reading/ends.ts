import type { KubeObject } from '../../domain/kube.js';

/** How a container last ended. */
export interface End {
  container: string;
  isInit: boolean;
  exitCode: number;
  reason: string;
  message: string;
  /** RFC 3339. */
  startedAt?: string;
  finishedAt?: string;
}

interface Terminated {
  exitCode?: number;
  reason?: string;
  message?: string;
  startedAt?: string;
  finishedAt?: string;
}
interface Status {
  name: string;
  state?: { terminated?: Terminated };
  lastState?: { terminated?: Terminated };
}

/** The newest end of each container of a pod that has ended, init containers first. */
export const endsOf = (pod: KubeObject): End[] => [
  ...((pod.status?.initContainerStatuses ?? []) as Status[]).flatMap((s) => endOf(s, true)),
  ...((pod.status?.containerStatuses ?? []) as Status[]).flatMap((s) => endOf(s, false)),
];

function endOf({ name, state, lastState }: Status, isInit: boolean): End[] {
  const t = state?.terminated ?? lastState?.terminated;
  if (!t) return [];
  const { exitCode = 0, reason = '', message = '', startedAt, finishedAt } = t;
  return [{ container: name, isInit, exitCode, reason, message, ...(startedAt ? { startedAt } : {}), ...(finishedAt ? { finishedAt } : {}) }];
}
