import type { Check } from '../facts.js';
import { autonomy, modelOnly } from './autonomy.js';
import { beingDeleted } from './being-deleted.js';
import { blastRadius } from './blast-radius.js';
import { modelDisagrees } from './disagreement.js';
import { disruption } from './disruption.js';
import { grounding } from './grounding.js';
import { clusterHealth, nodesRemaining } from './nodes.js';
import { optOut } from './opt-out.js';
import { oscillation } from './oscillation.js';
import { ownership } from './ownership.js';
import { disruptionLimit, policyRules, policyServer, policyWindows, protectedObjects } from './policy.js';
import { protectedTargets } from './protected.js';
import { quota } from './quota.js';
import { cooldown, flap, ineffective, rate } from './repetition.js';
import { rollout } from './rollout.js';
import { enabled, pause, stillFiring, storm } from './switches.js';

/** Every check by its name, in the order people read them. */
export const CHECKS: Readonly<Record<string, Check>> = {
  pause,
  storm,
  enabled,
  still_firing: stillFiring,
  grounding,
  protected: protectedTargets,
  protected_objects: protectedObjects,
  opt_out: optOut,
  being_deleted: beingDeleted,
  ownership,
  rollout,
  cooldown,
  rate,
  ineffective,
  oscillation,
  flap,
  disruption,
  blast_radius: blastRadius,
  nodes_remaining: nodesRemaining,
  cluster_health: clusterHealth,
  quota,
  disruption_limit: disruptionLimit,
  model_only: modelOnly,
  model_disagrees: modelDisagrees,
  policy_rules: policyRules,
  policy_server: policyServer,
  windows: policyWindows,
  autonomy,
};
