import type { KubeObject } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { describeTrouble, type Trouble } from './reading/container-trouble.js';
import { nameOf, rollback, targetOf } from './reading/proposals.js';
import { describeChange, fallbackWithout, revisionTroubles, servesAlike, type RevisionTrouble } from './reading/revision-trouble.js';
import { changedFields, changedPodFields, revisionOf } from './reading/rollout.js';

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

/** Pods of the newest revision run but fail their probes. */
export const badRolloutProbe = defineAnalyzer({
  id: 'bad_rollout_probe',
  summary: 'The newest revision fails its readiness, liveness or startup probe.',
  looksAt: ['deployments', 'replicasets', 'pods', 'events'],
  diagnose: (evidence, world) =>
    revisionTroubles(evidence, world, ['not_ready', 'liveness']).flatMap((t) => findingOf(t)),
});

function findingOf(t: RevisionTrouble): Finding[] {
  const trouble = t.troubles.find((one) => one.kind === 'liveness') ?? t.troubles.find((one) => one.message) ?? t.troubles[0]!;
  if (trouble.isInit || !t.isRecent) return [];
  const current = t.rollout.current!;
  const fieldsAgainst = (rs: KubeObject) => [...changedFields(rs, current, trouble.container), ...changedPodFields(rs, current)];
  const withOtherProbe = fallbackWithout(t, trouble.container, (before) => fieldsAgainst(before).some((f) => PROBES.includes(f)));
  const isDifferent = (rs: KubeObject) => fieldsAgainst(rs).length > 0;
  const to = withOtherProbe ?? fallbackWithout(t, trouble.container, isDifferent);
  const confidence = confidenceOf(t, trouble, withOtherProbe !== undefined, servesAlike(t, isDifferent));
  if (!to || confidence === undefined) return [];
  const what = withOtherProbe ? 'probe' : 'not_ready';
  return [
    {
      analyzer: 'bad_rollout_probe',
      cause: `bad_rollout.${what}`,
      summary: `${nameOf(t.deployment)}: pods of revision ${revisionOf(current)} ${trouble.kind === 'liveness' ? 'are killed by their probe' : 'do not become Ready'}`,
      target: targetOf(t.deployment),
      evidence: [describeTrouble(trouble), describeChange(fieldsAgainst(to), to, revisionOf(current)), `${t.readyBefore} pods of earlier revisions are Ready`],
      confidence,
      proposals: [rollback(t.deployment, to, confidence, `pods of revision ${revisionOf(to)} passed their probes`)],
    },
  ];
}

/** Without a failed probe in sight a rollout within its deadline is just starting: no finding. */
function confidenceOf(t: RevisionTrouble, trouble: Trouble, isProbeChanged: boolean, isCleared: boolean): number | undefined {
  const hasWitness = trouble.kind === 'liveness' || trouble.message !== '' || t.rollout.hasExceededDeadline;
  if (!hasWitness || isCleared) return undefined;
  if (isProbeChanged) return 0.95;
  if (t.isShared) return undefined;
  return t.rollout.hasCompleted ? 0.7 : 0.85;
}
