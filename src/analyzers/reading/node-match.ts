import { selects, type KubeObject } from '../../domain/kube.js';

interface Expression {
  key: string;
  operator: string;
  values?: string[];
}
interface Term {
  matchExpressions?: Expression[];
  matchFields?: Expression[];
}
export interface Taint {
  key: string;
  value?: string;
  effect: string;
}
interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}

/* eslint-disable @typescript-eslint/no-explicit-any -- a PodSpec is open-ended JSON here */

/** Does the node carry what `nodeSelector` and the required node affinity ask for? */
export function isWantedNode(podSpec: any, node: KubeObject): boolean {
  const terms: Term[] = podSpec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const isSelected = selects({ matchLabels: podSpec?.nodeSelector ?? {} }, node.metadata.labels);
  return isSelected && (terms.length === 0 || terms.some((term) => holds(term, node)));
}

const holds = ({ matchExpressions = [], matchFields = [] }: Term, { metadata }: KubeObject): boolean =>
  matchExpressions.every((e) => matches(e, metadata.labels ?? {})) && matchFields.every((e) => matches(e, { 'metadata.name': metadata.name }));

function matches(e: Expression, labels: Record<string, string>): boolean {
  const value = Number(labels[e.key]);
  if (e.operator === 'Gt') return value > Number(e.values?.[0]);
  if (e.operator === 'Lt') return value < Number(e.values?.[0]);
  return selects({ matchExpressions: [e] }, labels);
}

/** `pool=gpu`, `zone in (a, b)`: what a pod asks of its node, for people. */
export function wishesOf(podSpec: any): string[] {
  const terms: Term[] = podSpec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const selector = Object.entries(podSpec?.nodeSelector ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  return [...selector, ...terms.map((t) => [...(t.matchExpressions ?? []), ...(t.matchFields ?? [])].map(inWords).join(' and '))].filter((w) => w !== '');
}

const inWords = ({ key, operator, values = [] }: Expression): string => `${key} ${operator}${values.length > 0 ? ` (${values.join(', ')})` : ''}`;

/** Taints that keep the pod off the node, leaving out those that the node's own state puts there. */
export const taintsAgainst = (podSpec: any, node: KubeObject): Taint[] =>
  ((node.spec?.taints ?? []) as Taint[]).filter(
    (t) => t.effect !== 'PreferNoSchedule' && !t.key.startsWith('node.kubernetes.io/') && !((podSpec?.tolerations ?? []) as Toleration[]).some((one) => tolerates(one, t)),
  );

function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (!key) return operator === 'Exists';
  return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''));
}
