import { controllerOf, refOf, type KubeObject, type ManagedField } from '../../kube.js';
import type { SafetyFinding } from '../../plan.js';
import { describeTarget, isSameObject } from '../../target.js';
import type { Check } from '../facts.js';
import { findingsOf, targetText } from './finding.js';
import { specPathsOf, subjectOf, writtenPaths } from './subject.js';

const { deny, info } = findingsOf('ownership');

const BUILT_IN = ['v1', 'apps/v1', 'batch/v1'];
/** People's tools apply once; controllers apply for ever. */
const PEOPLE = /^(kubectl|helm|terraform|kustomize|kubernaut|sandbox|scenario|before-first-apply|node-fetch|k9s|lens|openlens|unknown)/i;
const FLUX = ['kustomize.toolkit.fluxcd.io/name', 'helm.toolkit.fluxcd.io/name'];

/** A self-healing owner would revert the write (C5). Pods and nodes carry no declared spec of their own: they are exempt. */
export const ownership: Check = (f) => {
  const subject = subjectOf(f);
  return [...(subject ? judged(subject, writtenPaths(f), targetText(f)) : []), ...beside(f)];
};

/** What a step edits beside its target (workloads that take over a new secret) has owners too. */
const beside: Check = (f) =>
  f.step.changes.flatMap((c) => {
    const object = c.op === 'edit' && !isSameObject(c.ref, f.step.target) ? f.world.byUid(c.uid) : undefined;
    return object ? judged(object, specPathsOf([c]), describeTarget(refOf(object))) : [];
  });

function judged(object: KubeObject, paths: string[][], at: string): SafetyFinding[] {
  if (paths.length === 0 || ['Pod', 'Node'].includes(object.kind)) return [];
  return [...gitOps(object, at), ...operator(object, at), ...fieldOwner(object, paths, at), ...helm(object, at)];
}

function gitOps(o: KubeObject, at: string): SafetyFinding[] {
  const { labels = {}, annotations = {}, managedFields } = o.metadata;
  if (FLUX.some((key) => labels[key] !== undefined)) return deny('gitops_owned', `${at} is reconciled by Flux; change it in its repository`);
  // its tracking id is written by Argo CD alone; the instance label is everybody's and needs its manager as a witness
  const isTracked = annotations['argocd.argoproj.io/tracking-id'] !== undefined || labels['argocd.argoproj.io/instance'] !== undefined;
  const isArgo = isTracked || (labels['app.kubernetes.io/instance'] !== undefined && (managedFields ?? []).some((m) => /^argocd/.test(m.manager ?? '')));
  return isArgo ? deny('gitops_owned', `${at} is synced by Argo CD; change it in its repository`) : [];
}

function operator(o: KubeObject, at: string): SafetyFinding[] {
  const owner = controllerOf(o);
  return owner && !BUILT_IN.includes(owner.apiVersion) ? deny('operator_owned', `${at} belongs to ${owner.kind} ${owner.name}; change that instead`) : [];
}

function helm(o: KubeObject, at: string): SafetyFinding[] {
  return o.metadata.labels?.['app.kubernetes.io/managed-by'] === 'Helm' ? info('helm_managed', `${at} is managed by Helm: the change is drift until the next upgrade`) : [];
}

function fieldOwner(o: KubeObject, paths: string[][], at: string): SafetyFinding[] {
  const owner = (o.metadata.managedFields ?? []).find(
    (m) => m.operation === 'Apply' && !m.subresource && !PEOPLE.test(m.manager ?? '') && !/^argocd/.test(m.manager ?? '') && paths.some((p) => owns(m, p)),
  );
  return owner ? deny('field_owned', `${at}: ${owner.manager} applies the fields that would change`) : [];
}

/** Does a fieldsV1 set reach this path? A leaf above it, or anything below it, counts. */
export function owns(field: ManagedField, path: readonly string[]): boolean {
  const walk = (node: Record<string, unknown>, rest: readonly string[]): boolean => {
    const [key, ...deeper] = rest;
    if (key === undefined) return true;
    const children = /^\d+$/.test(key) ? Object.keys(node).filter((k) => k.startsWith('k:') || k.startsWith('v:') || k.startsWith('i:')) : Object.hasOwn(node, `f:${key}`) ? [`f:${key}`] : [];
    return children.some((c) => isLeaf(node[c]) || walk(node[c] as Record<string, unknown>, deeper));
  };
  return field.fieldsV1 !== undefined && walk(field.fieldsV1, path);
}

const isLeaf = (node: unknown): boolean => typeof node !== 'object' || node === null || Object.keys(node).filter((k) => k !== '.').length === 0;
