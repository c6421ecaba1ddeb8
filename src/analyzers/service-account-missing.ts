import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { refusedIn, type Refused } from './reading/refusal.js';

const MISSING = /error looking up service account ([^/\s]+)\/([^:\s]+): serviceaccount "[^"]+" not found/;

/** Pods of an account that is not there are never made. What rights it should have is for a person. */
export const serviceAccountMissing = defineAnalyzer({
  id: 'service_account_missing',
  summary: 'A workload runs as a service account that does not exist.',
  looksAt: ['deployments', 'replicasets', 'events'],
  diagnose: (evidence, world) => refusedIn(evidence, world).flatMap(findingOf),
});

function findingOf({ workload, message }: Refused): Finding[] {
  const found = MISSING.exec(message);
  if (!found) return [];
  const [, namespace = '', name = ''] = found;
  return [
    forPerson({
      analyzer: 'service_account_missing',
      cause: 'service_account.missing',
      summary: `${nameOf(workload)} runs as service account ${name}, which does not exist in ${namespace}`,
      target: targetOf(workload),
      evidence: [cut(message)],
      // below a rollback: an earlier revision that ran as another account is the cure
      confidence: 0.89,
      edit: `kubectl create serviceaccount ${name} -n ${namespace}   # and bind it the rights that it had`,
    }),
  ];
}
