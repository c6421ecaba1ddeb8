import { badNode } from './bad-node.js';
import { badPod } from './bad-pod.js';
import { cronJobIdle } from './cron-job-idle.js';
import { databasePrimary } from './database-primary.js';
import type { AnalyzerDefinition } from './define.js';
import { disruptionBudget } from './disruption-budget.js';
import { dnsBlocked } from './dns-blocked.js';
import { dnsDown } from './dns-down.js';
import { ephemeralStorage } from './ephemeral-storage.js';
import { evictedPods } from './evicted-pods.js';
import { hostPortConflict } from './host-port-conflict.js';
import { hpaStarved } from './hpa-starved.js';
import { hpaTargetGone } from './hpa-target-gone.js';
import { ingressBroken } from './ingress-broken.js';
import { insufficientCapacity } from './insufficient-capacity.js';
import { jobLimits } from './job-limits.js';
import { limitRange } from './limit-range.js';
import { loadBalancerPending } from './load-balancer-pending.js';
import { noMatchingNode } from './no-matching-node.js';
import { outrankedPods } from './outranked-pods.js';
import { podSecurity } from './pod-security.js';
import { pullSecretMissing } from './pull-secret-missing.js';
import { serviceAccountMissing } from './service-account-missing.js';
import { topologySpread } from './topology-spread.js';
import { untoleratedTaint } from './untolerated-taint.js';
import { volumeAttach } from './volume-attach.js';
import { volumeConsumer } from './volume-consumer.js';
import { volumeExpansion } from './volume-expansion.js';
import { volumeNodeConflict } from './volume-node-conflict.js';
import { webhookFailing } from './webhook-failing.js';

/** What surrounds a workload: where it may run, what it mounts, what bounds, admits, schedules, scales and reaches it. */
export const SURROUNDING_ANALYZERS: readonly AnalyzerDefinition[] = [
  noMatchingNode,
  untoleratedTaint,
  hostPortConflict,
  outrankedPods,
  insufficientCapacity,
  topologySpread,
  volumeNodeConflict,
  volumeAttach,
  volumeConsumer,
  volumeExpansion,
  ephemeralStorage,
  evictedPods,
  badNode,
  badPod,
  disruptionBudget,
  databasePrimary,
  hpaStarved,
  hpaTargetGone,
  limitRange,
  webhookFailing,
  podSecurity,
  serviceAccountMissing,
  pullSecretMissing,
  cronJobIdle,
  jobLimits,
  dnsBlocked,
  dnsDown,
  ingressBroken,
  loadBalancerPending,
];
