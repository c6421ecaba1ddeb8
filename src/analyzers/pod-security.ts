import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson, templatePatch } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { refusedIn, type Refused } from './reading/refusal.js';
import { containersOf } from './reading/rollout.js';

const VIOLATES = /violates PodSecurity "([^"]+)":\s*(.*)/;

/** What each complaint of the pod security admission asks of a container. */
const CURES: readonly { of: RegExp; field: Record<string, unknown> }[] = [
  { of: /allowPrivilegeEscalation/, field: { allowPrivilegeEscalation: false } },
  { of: /unrestricted capabilities|non-default capabilities/, field: { capabilities: { drop: ['ALL'] } } },
  { of: /runAsNonRoot/, field: { runAsNonRoot: true } },
  { of: /seccompProfile/, field: { seccompProfile: { type: 'RuntimeDefault' } } },
  { of: /(?<![A-Za-z])privileged \(/, field: { privileged: false } },
];

/** The namespace's pod security level refuses the pods. What can be said in a security context is said; the rest is a decision. */
export const podSecurity = defineAnalyzer({
  id: 'pod_security',
  summary: "The pod security level of a namespace refuses a workload's pods.",
  looksAt: ['deployments', 'replicasets', 'namespaces', 'events'],
  diagnose: (evidence, world) => refusedIn(evidence, world).flatMap(findingOf),
});

function findingOf({ workload, message }: Refused): Finding[] {
  const found = VIOLATES.exec(message);
  if (!found) return [];
  const [, level = '', complaints = ''] = found;
  const cures = CURES.filter((c) => c.of.test(complaints));
  const securityContext = Object.assign({}, ...cures.map((c) => c.field)) as Record<string, unknown>;
  const named = containersOf(workload).filter((c) => complaints.includes(`"${c.name}"`));
  const containers = (named.length > 0 ? named : containersOf(workload)).map((c) => ({ name: c.name, securityContext }));
  const beyond = ['hostPath', 'host namespaces', 'hostPort', 'hostNetwork'].filter((word) => complaints.includes(word));
  return [
    forPerson({
      analyzer: 'pod_security',
      cause: 'pod_security.violation',
      summary: `${nameOf(workload)}: its pods violate the pod security level ${level} of namespace ${workload.metadata.namespace}`,
      target: targetOf(workload),
      evidence: [cut(message, 400), ...(beyond.length > 0 ? [`${beyond.join(', ')} cannot be had at this level`] : [])],
      // below a rollback: where an earlier revision was accepted, that is the cure
      confidence: 0.88,
      edit: beyond.length > 0 || cures.length === 0 ? `kubectl edit ${workload.kind.toLowerCase()} ${workload.metadata.name} -n ${workload.metadata.namespace}   # do without ${beyond.join(', ') || 'what it names'}, or run it in a namespace of a lower level` : templatePatch(workload, { containers }),
    }),
  ];
}
