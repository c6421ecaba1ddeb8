import type { Taint } from '../domain/node-match.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { taintsAgainst } from './reading/node-match.js';
import { forPerson, templatePatch } from './reading/person.js';
import { pendingBy, type PendingPod } from './reading/placement.js';
import { nameOf, targetOf } from './reading/proposals.js';

/** Whoever taints a node wants pods kept off it: whether this one may go there is for its owner to say. */
export const untoleratedTaint = defineAnalyzer({
  id: 'untolerated_taint',
  summary: 'Every node that a pod may run on has a taint that it does not tolerate.',
  looksAt: ['pods', 'nodes', 'deployments', 'events'],
  diagnose: (evidence, world) => pendingBy('taint', evidence, world).map(findingOf),
});

function findingOf({ workload, pod, message, wanted }: PendingPod): Finding {
  const against = wanted.map((node) => ({ node, taints: taintsAgainst(pod.spec, node) })).filter((a) => a.taints.length > 0);
  // the node with the fewest obstacles is the nearest to taking it
  const { node, taints } = against.sort((a, b) => a.taints.length - b.taints.length)[0]!;
  const told = [...new Set(against.flatMap((a) => a.taints.map(inWords)))].slice(0, 4).join(', ');
  return forPerson({
    analyzer: 'untolerated_taint',
    cause: 'pending.taint',
    summary: `${nameOf(workload)} tolerates none of the taints on the nodes that it may run on: ${told}`,
    target: targetOf(workload),
    evidence: [cut(`pod ${pod.metadata.name}: ${message}`), `${wanted.length} nodes fit its selector; ${node.metadata.name} has ${taints.map(inWords).join(', ')}`],
    confidence: 0.92,
    edit: `${templatePatch(workload, { tolerations: [...(pod.spec?.tolerations ?? []).filter(isOwn), ...taints.map(tolerationOf)] })}   # or, if the taint is a leftover: kubectl taint nodes ${node.metadata.name} ${taints.map((t) => `${t.key}:${t.effect}-`).join(' ')}`,
  });
}

const inWords = ({ key, value, effect }: Taint): string => `${key}${value ? `=${value}` : ''}:${effect}`;

const tolerationOf = ({ key, value, effect }: Taint) => (value ? { key, operator: 'Equal', value, effect } : { key, operator: 'Exists', effect });

/** Admission adds two to every pod, which belong in no manifest. */
const isOwn = ({ key = '' }: { key?: string }): boolean => !key.startsWith('node.kubernetes.io/');
