import type { Evidence } from '../domain/evidence.js';
import { selects, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { countOf } from '../domain/status.js';
import { defineAnalyzer } from './define.js';
import { forPerson, inKubectl, patchOf } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';

/** Budgets that can never be met by an eviction: a drain would wait for ever. Loosening one is its owner's decision. */
export const disruptionBudget = defineAnalyzer({
  id: 'disruption_budget',
  summary: 'A disruption budget allows no eviction at all, overlaps with another, or selects nothing; a drain hangs on it.',
  looksAt: ['poddisruptionbudgets', 'pods', 'nodes'],
  diagnose(evidence, world) {
    if (evidence.object?.kind === 'PodDisruptionBudget') return ofBudget(evidence.object, world);
    return evidence.object?.kind === 'Node' ? ofNode(evidence, world) : [];
  },
});

const selectedBy = (budget: KubeObject, world: World): KubeObject[] =>
  world.list('Pod', budget.metadata.namespace).filter((p) => selects(budget.spec?.selector, p.metadata.labels) && !['Succeeded', 'Failed'].includes(p.status?.phase));

/** All its pods are well, and still none may go: by its numbers, not by the hour. */
const isClosed = (budget: KubeObject): boolean =>
  countOf(budget, 'expectedPods') > 0 && countOf(budget, 'disruptionsAllowed') === 0 && countOf(budget, 'currentHealthy') >= countOf(budget, 'expectedPods');

const describe = (budget: KubeObject): string =>
  `${['minAvailable', 'maxUnavailable'].filter((key) => budget.spec?.[key] !== undefined).map((key) => `${key} ${String(budget.spec[key])}`).join(', ')}; ${countOf(budget, 'currentHealthy')} of ${countOf(budget, 'expectedPods')} pods healthy, ${countOf(budget, 'disruptionsAllowed')} disruptions allowed`;

function ofBudget(budget: KubeObject, world: World): Finding[] {
  const base = { analyzer: 'disruption_budget', target: targetOf(budget), evidence: [describe(budget)], confidence: 0.9 };
  const pods = selectedBy(budget, world);
  const rival = world.list('PodDisruptionBudget', budget.metadata.namespace).find((b) => b.metadata.uid !== budget.metadata.uid && pods.some((p) => selects(b.spec?.selector, p.metadata.labels)));
  if (rival) return [forPerson({ ...base, cause: 'budget.several', summary: `${nameOf(budget)} and ${nameOf(rival)} select the same pods: the API server then refuses every eviction`, edit: `kubectl delete ${inKubectl(rival)}   # keep one of the two` })];
  if (pods.length === 0 && countOf(budget, 'expectedPods') === 0) return [withoutPods(budget, world, base)];
  if (!isClosed(budget)) return [];
  return [forPerson({ ...base, cause: 'budget.allows_nothing', summary: `${nameOf(budget)} never lets a pod go although all of them are healthy (${describe(budget)})`, edit: loosened(budget) })];
}

const loosened = (budget: KubeObject): string => `${patchOf(budget, { spec: { minAvailable: null, maxUnavailable: 1 } })}   # or one replica more`;

/** A budget of nothing protects nothing; the workload of its name is most likely the one that is meant. */
function withoutPods(budget: KubeObject, world: World, base: Pick<Finding, 'analyzer' | 'target' | 'evidence' | 'confidence'>): Finding {
  const meant = ['Deployment', 'StatefulSet'].map((kind) => world.get(kind, budget.metadata.namespace, budget.metadata.name)).find((o) => o !== undefined);
  const labels = meant?.spec?.selector?.matchLabels;
  return forPerson({
    ...base,
    cause: 'budget.selects_nothing',
    summary: `${nameOf(budget)} selects no pod: it protects nothing`,
    evidence: [`selector ${JSON.stringify(budget.spec?.selector ?? {})}`, ...(labels ? [`labels of ${meant.metadata.name}: ${JSON.stringify(labels)}`] : [])],
    edit: labels ? patchOf(budget, [{ op: 'replace', path: '/spec/selector', value: { matchLabels: labels } }], 'json') : `kubectl delete ${inKubectl(budget)}   # when what it was for is gone`,
  });
}

/** Somebody closed the node to empty it: who is in the way? */
function ofNode({ object }: Evidence, world: World): Finding[] {
  const node = object!;
  if (!node.spec?.unschedulable) return [];
  const pods = world.list('Pod').filter((p) => p.spec?.nodeName === node.metadata.name && p.metadata.uid);
  const closed = world.list('PodDisruptionBudget').filter((b) => isClosed(b) && pods.some((p) => p.metadata.namespace === b.metadata.namespace && selects(b.spec?.selector, p.metadata.labels)));
  const first = closed[0];
  if (!first) return [];
  return [
    forPerson({
      analyzer: 'disruption_budget',
      cause: 'budget.blocks_drain',
      summary: `${nameOf(node)} is cordoned and cannot be drained: ${closed.map(nameOf).slice(0, 3).join(', ')} never lets a pod go`,
      target: targetOf(first),
      evidence: closed.slice(0, 3).map((b) => `${nameOf(b)}: ${describe(b)}`),
      // the cordon is on purpose, this is what it waits for
      confidence: 0.92,
      edit: loosened(first),
    }),
  ];
}
