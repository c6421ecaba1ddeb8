import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { describeMissing, missingReferenceOf, needs } from './reading/config-references.js';
import { describeTrouble } from './reading/container-trouble.js';
import { nameOf, rollback, targetOf } from './reading/proposals.js';
import { revisionTroubles, type RevisionTrouble } from './reading/revision-trouble.js';
import { fallbackOf, revisionOf } from './reading/rollout.js';

/** A revision that needs a ConfigMap, Secret or key which is not there, while an earlier one does without. */
export const badRolloutConfig = defineAnalyzer({
  id: 'bad_rollout_config',
  summary: 'The newest revision refers to a ConfigMap, Secret or key that does not exist.',
  looksAt: ['deployments', 'replicasets', 'pods', 'events', 'configmaps'],
  diagnose: (evidence, world) => revisionTroubles(evidence, world, ['config', 'mount']).flatMap(findingOf),
});

function findingOf(t: RevisionTrouble): Finding[] {
  for (const trouble of t.troubles) {
    const missing = missingReferenceOf(trouble.message);
    const to = missing && needs(t.rollout.current, missing) ? fallbackOf(t.rollout, (rs) => !needs(rs, missing)) : undefined;
    if (!missing || !to) continue;
    return [
      {
        analyzer: 'bad_rollout_config',
        cause: missing.key ? 'bad_rollout.config_key' : 'bad_rollout.config',
        summary: `${nameOf(t.deployment)}: revision ${revisionOf(t.rollout.current!)} needs ${describeMissing(missing)}, which does not exist; revision ${revisionOf(to)} did not`,
        target: targetOf(t.deployment),
        evidence: [describeTrouble(trouble), `the template of ${to.metadata.name} does not refer to ${describeMissing(missing)}`],
        confidence: 0.96,
        proposals: [rollback(t.deployment, to, 0.96, `revision ${revisionOf(to)} does not need ${describeMissing(missing)}`)],
      },
    ];
  }
  return [];
}
