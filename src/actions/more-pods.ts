import type { KubeObject, World } from '../domain/kube.js';
import { fits, limitsOf, requestsOf } from './capacity.js';
import { quotaShortage } from './quota.js';
import { refuse } from './workload.js';

/** Refuses when the nodes or the namespace's quotas cannot hold that many more pods of this workload. `at` names who asks. */
export function checkMorePods(world: World, workload: KubeObject, more: number, at: string): void {
  if (more <= 0) return;
  const requests = requestsOf(workload);
  const free = fits(world, requests, workload);
  if (more > free) refuse('PreconditionChanged', `${at}: the nodes have room for ${free} more pods, not ${more}; choose fewer or add nodes`);
  const limits = limitsOf(workload);
  const short = quotaShortage(world, workload.metadata.namespace!, {
    pods: more,
    'requests.cpu': requests.cpu * more,
    'requests.memory': requests.memory * more,
    'limits.cpu': limits.cpu * more,
    'limits.memory': limits.memory * more,
  });
  if (short) refuse('QuotaExceeded', `${at}: ${more} more pods do not fit, ${short}; choose fewer or raise the quota`);
}
