import { isAboutFullVolume } from '../domain/claim.js';
import type { Problem } from '../domain/evidence.js';
import type { KubeObject } from '../domain/kube.js';
import { describeTarget, isSameObject } from '../domain/target.js';
import type { ActionFacts } from './define.js';

/** kube-prometheus fires it below 15 % free (warning, with a trend) and below 3 % (critical). */
const KNOWN: Record<string, number> = { KubePersistentVolumeFillingUp: 85 };

const FREE = /(\d{1,3}(?:\.\d{1,6})?) ?% (?:free|available)/i;
const USED = /(\d{1,3}(?:\.\d{1,6})?) ?% (?:used|full|of its space)/i;

/** Alerts that fire now and name this claim, or name none while the remediation is about this claim. */
export const alertsAbout = (claim: KubeObject, { evidence }: Pick<ActionFacts, 'evidence'>): Problem[] =>
  evidence.problems.filter((p) => p.status === 'firing' && isAboutFullVolume(p.alert) && isNamedIn(p, claim, evidence.target));

function isNamedIn({ labels }: Problem, { kind, metadata }: KubeObject, target: { kind: string; namespace?: string; name: string }): boolean {
  const { persistentvolumeclaim, namespace = metadata.namespace } = labels;
  if (persistentvolumeclaim === undefined) return isSameObject(target, { kind, namespace: metadata.namespace, name: metadata.name });
  return persistentvolumeclaim === metadata.name && namespace === metadata.namespace;
}

/** What an alert says of the share in use: its text when that has a number, else the threshold its name is known for. */
export function usedPercentOf({ alert, annotations }: Problem): number | undefined {
  for (const text of [annotations['description'], annotations['message'], annotations['summary']]) {
    const free = FREE.exec(text ?? '')?.[1];
    const used = USED.exec(text ?? '')?.[1];
    if (free !== undefined) return 100 - Number(free);
    if (used !== undefined) return Number(used);
  }
  return KNOWN[alert];
}

/** The most that any alert says is in use of this claim, percent; undefined when none says anything. */
export function usedPercent(claim: KubeObject, facts: Pick<ActionFacts, 'evidence'>): number | undefined {
  const all = alertsAbout(claim, facts).map(usedPercentOf).filter((n) => n !== undefined);
  return all.length === 0 ? undefined : Math.max(...all);
}

export const usageText = (claim: KubeObject, percent: number | undefined): string =>
  percent === undefined ? `nothing says how full ${describeTarget({ kind: 'claim', ...claim.metadata })} is` : `${Math.floor(percent)} % in use`;
