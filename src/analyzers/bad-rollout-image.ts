import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble, type Trouble } from './reading/container-trouble.js';
import { nameOf, rollback, targetOf } from './reading/proposals.js';
import { describeChange, fallbackWithout, revisionTroubles, type RevisionTrouble } from './reading/revision-trouble.js';
import { changedFields, changedPodFields, containerOf, revisionOf } from './reading/rollout.js';

const isUnauthorized = (t: Trouble): boolean =>
  /unauthorized|authentication required|no basic auth|access denied|authorization failed|denied:|\b40[13]\b/i.test(t.message);

/** `registry/shop/api:1.4` → `registry/shop/api`. */
const repositoryOf = (image = ''): string => image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');

/**
 * A revision whose image cannot be pulled. Missing credentials fail the same repository in any revision: only another
 * repository or other pull secrets make the earlier revision a cure.
 */
export const badRolloutImage = defineAnalyzer({
  id: 'bad_rollout_image',
  summary: 'The newest revision names an image that cannot be pulled.',
  looksAt: ['deployments', 'replicasets', 'pods', 'events'],
  diagnose: (evidence, world) => revisionTroubles(evidence, world, ['image']).flatMap((t) => findingOf(t)),
});

function findingOf(t: RevisionTrouble): Finding[] {
  const trouble = t.troubles[0]!;
  const current = t.rollout.current!;
  // it came up and serves: the image was there, and went missing without a rollout
  if (t.rollout.hasCompleted && (current.status?.readyReplicas ?? 0) > 0) return [];
  const imageOf = (rs: typeof current) => containerOf(rs, trouble.container)?.image;
  const isDenied = isUnauthorized(trouble);
  const to = fallbackWithout(t, trouble.container, (before) =>
    isDenied
      ? repositoryOf(imageOf(before)) !== repositoryOf(imageOf(current)) || changedPodFields(before, current).includes('imagePullSecrets')
      : imageOf(before) !== imageOf(current),
  );
  if (!to) return [];
  const fields = [...changedFields(to, current, trouble.container), ...changedPodFields(to, current)];
  const confidence = isDenied ? 0.85 : 0.97;
  const reason = `revision ${revisionOf(to)} used ${imageOf(to)}; ${imageOf(current)} cannot be pulled`;
  return [
    {
      analyzer: 'bad_rollout_image',
      cause: isDenied ? 'bad_rollout.image_unauthorized' : 'bad_rollout.image',
      summary: `${nameOf(t.deployment)}: the image ${imageOf(current)} of revision ${revisionOf(current)} cannot be pulled`,
      target: targetOf(t.deployment),
      evidence: [describeTrouble(trouble), describeChange(fields, to, revisionOf(current)), cut(`${t.readyBefore} pods of earlier revisions are Ready`)],
      confidence,
      proposals: [rollback(t.deployment, to, confidence, reason)],
    },
  ];
}
