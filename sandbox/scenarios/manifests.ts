import { parseAllDocuments } from 'yaml';
import { KubernautError } from '../../src/domain/errors.js';
import type { KubeObject } from '../../src/domain/kube.js';
import type { Scenario } from './scenario.js';

/** All objects of a multi-document YAML text, lists unfolded. Throws ConfigInvalid naming the place. */
export function parseManifests(text: string, where: string): KubeObject[] {
  const documents = parseAllDocuments(text);
  const list = Array.isArray(documents) ? documents : [];
  return list.flatMap((document, i) => {
    if (document.errors[0]) throw new KubernautError('ConfigInvalid', `${where}, document ${i + 1}: ${document.errors[0].message}`, document.errors[0]);
    return objectsOf(document.toJS() as KubeObject | null, `${where}, document ${i + 1}`);
  });
}

function objectsOf(object: KubeObject | null, where: string): KubeObject[] {
  if (object === null || object === undefined) return [];
  if (object.kind === 'List' && Array.isArray(object['items'])) return (object['items'] as KubeObject[]).flatMap((one) => objectsOf(one, where));
  if (!object.apiVersion || !object.kind || !object.metadata?.name) throw new KubernautError('ConfigInvalid', `${where} is no Kubernetes object: apiVersion, kind or metadata.name is missing`);
  return [object];
}

/** Everything a file applies, at first, as a fault and as a disturbance. */
export function manifestsOf(s: Scenario): KubeObject[] {
  const steps = [...(s.fault ?? []), ...(s.disturb ?? [])];
  const applied = steps.flatMap((step, i) => ('apply' in step ? parseManifests(step.apply, `${s.id} step ${i}`) : []));
  return [...parseManifests(s.before ?? '', `${s.id} before`), ...applied];
}

/** Namespaces first, then what other objects refer to while they are created, then the rest as written. */
const ORDER = ['Namespace', 'CustomResourceDefinition', 'StorageClass', 'PriorityClass', 'Node', 'PersistentVolume', 'ServiceAccount', 'ConfigMap', 'Secret', 'ResourceQuota', 'LimitRange', 'Role', 'ClusterRole'];
const rank = (o: KubeObject): number => (ORDER.indexOf(o.kind) + ORDER.length + 1) % (ORDER.length + 1);

export const inOrder = (objects: readonly KubeObject[]): KubeObject[] => [...objects].sort((a, b) => rank(a) - rank(b));
