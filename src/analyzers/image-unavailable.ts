import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { describeTrouble } from './reading/container-trouble.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { containerOf, podSpecOf } from './reading/rollout.js';
import { troublesOf, workloadsInScope } from './reading/scene.js';

/** An image that cannot be pulled where no rollout explains it: credentials or the registry, both a person's. */
export const imageUnavailable = defineAnalyzer({
  id: 'image_unavailable',
  summary: 'An image cannot be pulled and no earlier revision would do better.',
  looksAt: ['pods', 'events'],
  diagnose: (evidence, world) =>
    workloadsInScope(evidence, world).flatMap((workload): Finding[] => {
      const trouble = troublesOf(world, workload, evidence).find((t) => t.kind === 'image');
      if (!trouble) return [];
      const image = containerOf(trouble.pod, trouble.container)?.image ?? 'the image';
      const isDenied = /unauthorized|authentication|no basic auth|access denied|authorization failed|denied:/i.test(trouble.message);
      const account = podSpecOf(trouble.pod).serviceAccountName ?? 'default';
      const at = `-n ${workload.metadata.namespace}`;
      return [
        {
          analyzer: 'image_unavailable',
          cause: isDenied ? 'image.unauthorized' : 'image.not_found',
          summary: `${nameOf(workload)}: ${image} cannot be pulled (${isDenied ? 'no credentials for its registry' : 'not found'})`,
          target: targetOf(workload),
          evidence: [describeTrouble(trouble)],
          confidence: 0.8,
          proposals: [],
          conclusion: 'needs_person',
          edit: isDenied
            ? `kubectl patch serviceaccount ${account} ${at} --type=merge -p '{"imagePullSecrets":[{"name":"PULL-SECRET"}]}'`
            : `kubectl set image ${workload.kind.toLowerCase()}/${workload.metadata.name} ${at} ${trouble.container}=IMAGE`,
        },
      ];
    }),
});
