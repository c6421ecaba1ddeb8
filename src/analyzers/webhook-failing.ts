import type { Finding } from '../domain/plan.js';
import { isPodReady, podsOf, selects, type KubeObject, type World } from '../domain/kube.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { refusedIn, type Refused } from './reading/refusal.js';

const FAILED = /failed calling webhook "([^"]+)":\s*(.*)/;
const SERVICE = /https?:\/\/([a-z0-9-]+)\.([a-z0-9-]+)\.svc/;

/** No revision gets past an admission webhook that does not answer: going back is no cure, and switching a gate off is a person's. */
export const webhookFailing = defineAnalyzer({
  id: 'webhook_failing',
  summary: 'An admission webhook does not answer, and nothing gets past it (failurePolicy Fail).',
  looksAt: ['deployments', 'replicasets', 'services', 'pods', 'events'],
  diagnose: (evidence, world) => refusedIn(evidence, world).flatMap((r) => findingOf(r, world)),
});

function findingOf({ workload, message }: Refused, world: World): Finding[] {
  const found = FAILED.exec(message);
  if (!found) return [];
  const [, webhook = '', why = ''] = found;
  const [, name, namespace] = SERVICE.exec(why) ?? [];
  const behind = workloadBehind(world, namespace, name);
  const [cause, what] = /x509|certificate/.test(why) ? ['webhook.certificate', 'has a certificate that is not accepted'] : ['webhook.unreachable', 'does not answer'];
  return [
    forPerson({
      analyzer: 'webhook_failing',
      cause: cause!,
      summary: `${nameOf(workload)}: its pods cannot be made because the admission webhook ${webhook} ${what}${name ? ` (service ${namespace}/${name})` : ''}`,
      target: targetOf(behind ?? workload),
      evidence: [cut(message, 400), ...(behind ? [`${podsOf(world, behind).filter(isPodReady).length} pods of ${nameOf(behind)} are Ready`] : [])],
      // surer than "the newest revision is refused": every revision is
      confidence: 0.94,
      edit: name
        ? `kubectl get service,endpointslices -n ${namespace} -l kubernetes.io/service-name=${name}; kubectl get deployments -n ${namespace}   # bring it back; only when it is gone for good, delete the webhook configuration that names ${webhook}`
        : `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml | grep -n ${webhook}`,
    }),
  ];
}

function workloadBehind(world: World, namespace: string | undefined, name: string | undefined): KubeObject | undefined {
  const selector = name && world.get('Service', namespace, name)?.spec?.selector;
  return selector && world.list('Deployment', namespace).find((d) => selects({ matchLabels: selector }, d.spec?.template?.metadata?.labels));
}
