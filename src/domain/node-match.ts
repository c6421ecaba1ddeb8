import { selects, type KubeObject, type World } from './kube.js';

interface Expression {
  key: string;
  operator: string;
  values?: string[];
}

/** Of a pod's required node affinity or of a volume's. */
export interface NodeSelectorTerm {
  matchExpressions?: Expression[];
  matchFields?: Expression[];
}

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

export interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}

/** What a pod says of the nodes it may run on. */
export interface NodeWishes {
  nodeSelector?: Record<string, string>;
  affinity?: { nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: NodeSelectorTerm[] } } };
  tolerations?: Toleration[];
}

export const termsOf = (podSpec: NodeWishes | undefined): NodeSelectorTerm[] | undefined =>
  podSpec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;

/** Does the node carry what node selector and required node affinity ask for? */
export const passesSelection = (podSpec: NodeWishes | undefined, node: KubeObject): boolean =>
  selects({ matchLabels: podSpec?.nodeSelector ?? {} }, node.metadata.labels) && passesTerms(node, termsOf(podSpec));

/** Terms are alternatives, expressions within a term all hold. */
export const passesTerms = (node: KubeObject, terms: readonly NodeSelectorTerm[] | undefined): boolean => !terms || terms.some((term) => holds(term, node));

const holds = ({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, { metadata }: KubeObject): boolean =>
  matchExpressions.every((e) => matches(e, metadata.labels ?? {})) && matchFields.every((e) => matches(e, { 'metadata.name': metadata.name }));

/** Nodes know two operators that selectors of labels do not. */
function matches(e: Expression, labels: Record<string, string>): boolean {
  const value = Number(labels[e.key]);
  if (e.operator === 'Gt') return value > Number(e.values?.[0]);
  if (e.operator === 'Lt') return value < Number(e.values?.[0]);
  return selects({ matchExpressions: [e] }, labels);
}

/** Taints of a node that keep pods with these tolerations off it; a preference keeps nobody off. */
export const taintsAgainst = (podSpec: NodeWishes | undefined, node: KubeObject): Taint[] =>
  ((node.spec?.taints ?? []) as Taint[]).filter((taint) => taint.effect !== 'PreferNoSchedule' && !(podSpec?.tolerations ?? []).some((one) => tolerates(one, taint)));

function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (!key) return operator === 'Exists';
  return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''));
}

/** Pods that hold room on a node, those of every namespace. */
export const podsOn = (world: World, node: KubeObject): KubeObject[] =>
  world.list('Pod').filter((p) => p.spec?.nodeName === node.metadata.name && !['Succeeded', 'Failed'].includes(p.status?.phase));
