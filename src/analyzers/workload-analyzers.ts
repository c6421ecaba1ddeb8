import { accessDenied } from './access-denied.js';
import { badRolloutConfig } from './bad-rollout-config.js';
import { badRolloutCrash } from './bad-rollout-crash.js';
import { badRolloutImage } from './bad-rollout-image.js';
import { badRolloutProbe } from './bad-rollout-probe.js';
import { configMissing } from './config-missing.js';
import type { AnalyzerDefinition } from './define.js';
import { hpaAtMaximum } from './hpa-at-maximum.js';
import { hpaWithoutMetrics } from './hpa-without-metrics.js';
import { imageUnavailable } from './image-unavailable.js';
import { jobFailing } from './job-failing.js';
import { nodeTrouble } from './node-trouble.js';
import { oom } from './oom.js';
import { pendingPods } from './pending-pods.js';
import { podsRejected } from './pods-rejected.js';
import { quotaUsedUp } from './quota-used-up.js';
import { scaledDown } from './scaled-down.js';
import { secretSource } from './secret-source.js';
import { stuckPod } from './stuck-pod.js';
import { SURROUNDING_ANALYZERS } from './surrounding-analyzers.js';
import { volumeClaim } from './volume-claim.js';
import { badRevision } from './bad-revision.js';
import { configChanged } from './config-changed.js';
import { containerRefused } from './container-refused.js';
import { crashLoop } from './crash-loop.js';
import { initFailing } from './init-failing.js';
import { livenessKills } from './liveness-kills.js';
import { readinessFailing } from './readiness-failing.js';
import { rolloutStuck } from './rollout-stuck.js';
import { stuckTerminating } from './stuck-terminating.js';
import { workloadUnwell } from './workload-unwell.js';

/** Everything that looks at one object alone: what the dependency analyzer asks about a root. */
export const WORKLOAD_ANALYZERS: readonly AnalyzerDefinition[] = [
  badRolloutImage,
  badRolloutConfig,
  badRolloutCrash,
  badRolloutProbe,
  oom,
  configMissing,
  imageUnavailable,
  accessDenied,
  stuckPod,
  scaledDown,
  quotaUsedUp,
  podsRejected,
  pendingPods,
  volumeClaim,
  secretSource,
  nodeTrouble,
  hpaAtMaximum,
  hpaWithoutMetrics,
  jobFailing,
  badRevision,
  configChanged,
  rolloutStuck,
  stuckTerminating,
  containerRefused,
  livenessKills,
  initFailing,
  readinessFailing,
  crashLoop,
  ...SURROUNDING_ANALYZERS,
  workloadUnwell,
];
