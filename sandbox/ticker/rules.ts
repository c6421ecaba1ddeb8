import { claimPending, hpaMaxedOut, hpaReplicasMismatch, pdbNotEnoughHealthyPods, quotaExceeded, quotaFullyUsed, volumeFillingUp } from './capacity-rules.js';
import { nodeNotReady, nodePressure, nodeUnreachable } from './node-rules.js';
import { containerOomKilled, containerWaiting, podCrashLooping, podNotReady } from './pod-rules.js';
import type { Rule } from './rule.js';
import {
  daemonSetRolloutStuck,
  deploymentGenerationMismatch,
  deploymentReplicasMismatch,
  deploymentRolloutStuck,
  jobFailed,
  statefulSetReplicasMismatch,
  statefulSetUpdateNotRolledOut,
} from './workload-rules.js';

/** Everything the sandbox's Prometheus alerts on by itself. */
export const firedRules: readonly Rule[] = [
  podCrashLooping,
  podNotReady,
  containerWaiting,
  deploymentReplicasMismatch,
  deploymentRolloutStuck,
  deploymentGenerationMismatch,
  statefulSetReplicasMismatch,
  statefulSetUpdateNotRolledOut,
  daemonSetRolloutStuck,
  jobFailed,
  nodeNotReady,
  nodeUnreachable,
  nodePressure,
  hpaMaxedOut,
  hpaReplicasMismatch,
  pdbNotEnoughHealthyPods,
  quotaFullyUsed,
  quotaExceeded,
  volumeFillingUp,
  claimPending,
];

const renamed = (rule: Rule, alertname: string): Rule => ({ ...rule, alertname });

/** Also judged, for alerts sent by hand: names common in the field that kube-prometheus itself does not fire. */
export const judgedRules: readonly Rule[] = [
  ...firedRules,
  containerOomKilled,
  renamed(containerOomKilled, 'KubePodOOMKilled'),
  renamed(containerOomKilled, 'ContainerOOMKilled'),
  renamed(containerOomKilled, 'OOMKilled'),
];
