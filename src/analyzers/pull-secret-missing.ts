import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble, eventsOf } from './reading/container-trouble.js';
import { forPerson } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { podSpecOf } from './reading/rollout.js';
import { troublesOf, workloadsInScope } from './reading/scene.js';

/** The pod names its pull secret and this namespace does not have it: the kubelet says so once, besides the failed pull. */
export const pullSecretMissing = defineAnalyzer({
  id: 'pull_secret_missing',
  summary: 'An image pull secret that a workload names does not exist in its namespace.',
  looksAt: ['pods', 'events'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const trouble = troublesOf(world, workload, evidence).find((t) => t.kind === 'image');
  const event = trouble && eventsOf(trouble.pod, evidence.events).filter((e) => e.reason === 'FailedToRetrieveImagePullSecret').at(-1);
  if (!trouble || !event) return [];
  const named = ((podSpecOf(trouble.pod).imagePullSecrets ?? []) as { name: string }[]).map((s) => s.name);
  const missing = named.filter((name) => event.message.includes(name));
  const secret = missing[0] ?? named[0] ?? 'PULL-SECRET';
  const { namespace } = workload.metadata;
  return [
    forPerson({
      analyzer: 'pull_secret_missing',
      cause: 'image.pull_secret_missing',
      summary: `${nameOf(workload)} names the pull secret ${secret}, which does not exist in ${namespace}`,
      target: targetOf(workload),
      evidence: [cut(`${event.reason}: ${event.message}`), describeTrouble(trouble)],
      // below a rollback: an earlier revision that pulled with other credentials is the cure
      confidence: 0.84,
      edit: `kubectl create secret docker-registry ${secret} -n ${namespace} --docker-server=REGISTRY --docker-username=USER --docker-password=PASSWORD   # as it is in the namespaces where the image pulls`,
    }),
  ];
}
