import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble } from './reading/container-trouble.js';
import { policiesAgainstDns, silenceIn } from './reading/dns.js';
import { forPerson } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { troublesOf, workloadsInScope } from './reading/scene.js';

/** Whoever isolates egress must let names through: the most forgotten rule of all. A policy for the whole cluster's DNS is a person's. */
export const dnsBlocked = defineAnalyzer({
  id: 'dns_blocked',
  summary: 'An egress policy cuts pods off the name service.',
  looksAt: ['networkpolicies', 'pods', 'logs'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const trouble = troublesOf(world, workload, evidence)[0];
  const line = trouble && silenceIn([trouble.pod], evidence);
  const policies = trouble && line ? policiesAgainstDns(world, trouble.pod) : [];
  if (!trouble || policies.length === 0) return [];
  return [
    forPerson({
      analyzer: 'dns_blocked',
      cause: 'network_policy.blocks_dns',
      summary: `${nameOf(workload)} cannot resolve names: NetworkPolicy ${policies.map((p) => p.metadata.name).join(', ')} lets nothing out to port 53`,
      target: targetOf(policies[0]!),
      evidence: [describeTrouble(trouble), cut(`log: ${line}`), ...policies.slice(0, 2).map((p) => `${nameOf(p)} isolates its egress and has no rule for port 53`)],
      // before the connection that the application wants to make comes the name
      confidence: 0.985,
      edit: `kubectl apply -f - <<'EOF'\n${JSON.stringify(allowance(workload))}\nEOF`,
    }),
  ];
}

const allowance = (workload: KubeObject): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: `allow-dns-${workload.metadata.name}`.slice(0, 63), namespace: workload.metadata.namespace },
  spec: {
    podSelector: { matchLabels: workload.spec?.selector?.matchLabels ?? workload.metadata.labels ?? {} },
    policyTypes: ['Egress'],
    egress: [
      {
        to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
        ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }],
      },
    ],
  },
});
