import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { wishesOf } from './reading/node-match.js';
import { forPerson, templatePatch } from './reading/person.js';
import { pendingBy, type PendingPod } from './reading/placement.js';
import { nameOf, targetOf } from './reading/proposals.js';

/** A selector or a required affinity that no node of the cluster meets: a typo, or a pool that is gone. */
export const noMatchingNode = defineAnalyzer({
  id: 'no_matching_node',
  summary: 'A pod asks for node labels that no node has.',
  looksAt: ['pods', 'nodes', 'deployments', 'events'],
  diagnose: (evidence, world) => pendingBy('no_match', evidence, world).map((p) => findingOf(p, world)),
});

function findingOf({ workload, pod, message }: PendingPod, world: World): Finding {
  const wishes = wishesOf(pod.spec);
  const nodes = world.list('Node');
  const selector: [string, string][] = Object.entries(pod.spec?.nodeSelector ?? {});
  const unmet = selector.filter(([key, value]) => !nodes.some((n) => n.metadata.labels?.[key] === value));
  return forPerson({
    analyzer: 'no_matching_node',
    cause: 'pending.no_matching_node',
    summary: `${nameOf(workload)} wants nodes with ${wishes.join(' and ') || 'labels'}, and none of the ${nodes.length} nodes has that`,
    target: targetOf(workload),
    evidence: [cut(`pod ${pod.metadata.name}: ${message}`), ...unmet.slice(0, 3).map(([key]) => valuesOf(key, nodes))],
    confidence: 0.92,
    edit: editOf(workload, unmet[0], nodes),
  });
}

const valuesIn = (key: string, nodes: readonly KubeObject[]): string[] => [...new Set(nodes.flatMap((n) => n.metadata.labels?.[key] ?? []))].sort();

const valuesOf = (key: string, nodes: readonly KubeObject[]): string => {
  const values = valuesIn(key, nodes);
  return values.length > 0 ? cut(`values of ${key} on the nodes: ${values.join(', ')}`) : `no node has a label ${key}`;
};

/** The value that is meant when the key has just one; else the label goes onto a node. */
function editOf(workload: KubeObject, unmet: [string, string] | undefined, nodes: readonly KubeObject[]): string {
  if (!unmet) return `kubectl get nodes --show-labels   # then correct the node affinity: kubectl edit ${workload.kind.toLowerCase()} ${workload.metadata.name} -n ${workload.metadata.namespace}`;
  const [key, value] = unmet;
  const values = valuesIn(key, nodes);
  const label = `kubectl label node NODE ${key}=${value}`;
  return values.length === 1 ? `${templatePatch(workload, { nodeSelector: { [key]: values[0] } })}   # or: ${label}` : `${label}   # or: ${templatePatch(workload, { nodeSelector: { [key]: null } })}`;
}
