import type { KubeObject } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson, templatePatch } from './reading/person.js';
import { pendingBy, type PendingPod } from './reading/placement.js';
import { nameOf, targetOf } from './reading/proposals.js';

interface Constraint {
  maxSkew: number;
  topologyKey: string;
  whenUnsatisfiable?: string;
  labelSelector?: unknown;
}

/** Spreading by force: a node without the topology's label, or one domain too full against the others. */
export const topologySpread = defineAnalyzer({
  id: 'topology_spread',
  summary: 'A topology spread constraint leaves no node for a pod.',
  looksAt: ['pods', 'nodes', 'deployments', 'events'],
  diagnose: (evidence, world) => pendingBy('spread', evidence, world).flatMap(findingOf),
});

function findingOf({ workload, pod, message, open }: PendingPod): Finding[] {
  const constraints: Constraint[] = pod.spec?.topologySpreadConstraints ?? [];
  const forced = constraints.filter((c) => c.whenUnsatisfiable !== 'ScheduleAnyway');
  const unlabelled = forced.find((c) => open.every((n) => n.metadata.labels?.[c.topologyKey] === undefined));
  const meant = unlabelled ?? forced[0];
  if (!meant) return [];
  const relaxed = constraints.map((c) => (c === meant ? { ...c, whenUnsatisfiable: 'ScheduleAnyway' } : c));
  return [
    forPerson({
      analyzer: 'topology_spread',
      cause: unlabelled ? 'pending.spread_without_label' : 'pending.spread',
      summary: `${nameOf(workload)} must be spread over ${meant.topologyKey} with a skew of ${meant.maxSkew} at most, ${unlabelled ? 'a label that none of its nodes has' : 'and the domains with room are full already'}`,
      target: targetOf(workload),
      evidence: [cut(`pod ${pod.metadata.name}: ${message}`), cut(`${meant.topologyKey} of its nodes: ${domainsOf(open, meant.topologyKey)}`)],
      confidence: 0.92,
      edit: templatePatch(workload, { topologySpreadConstraints: relaxed }),
    }),
  ];
}

const domainsOf = (nodes: readonly KubeObject[], key: string): string => [...new Set(nodes.map((n) => n.metadata.labels?.[key] ?? '(none)'))].sort().join(', ');
