import type { KubeObject } from '../../kube.js';
import { namespaceOf } from '../../target.js';
import type { Check, SafetyFacts } from '../facts.js';
import { findingsOf, targetText } from './finding.js';
import { lineOf, subjectOf } from './subject.js';

const { deny } = findingsOf('protected');

const OWN_PARTS = ['kubernaut', 'temporal'];
const OUR_NAMESPACES = ['kubernaut', 'kubernaut-system', 'temporal'];

/** Protected namespaces (C3) and ourselves with all we run on (C4). Nodes have no namespace: they count by what they carry. */
export const protectedTargets: Check = (f) => {
  if (!f.step.isWriting) return [];
  const namespaces = [namespaceOf(f.step.target), ...f.step.changes.flatMap((c) => (c.op === 'edit' || c.op === 'scale' || c.op === 'delete' || c.op === 'call' ? [c.ref.namespace] : []))];
  const hit = namespaces.find((n) => n !== undefined && f.policy.protectedNamespaces.includes(n) && !isNamedByRow(f, n));
  if (hit) return deny('protected_namespace', `namespace ${hit} is protected; change protectedNamespaces in kubernaut.yaml to allow it`);
  const subject = subjectOf(f);
  if (subject && lineOf(f.world, subject).some(isOwn)) return deny('own_component', `${targetText(f)} is a part of Kubernaut or something it runs on`);
  return drainsOurselves(f) ? deny('hosts_own_component', `${targetText(f)} runs a part of Kubernaut; move it first`) : [];
};

/** Rows 2.18 and 2.19 name objects of protected namespaces; those that hold us are named by no row. */
const isNamedByRow = ({ step }: SafetyFacts, namespace: string): boolean =>
  step.actsInProtected === true && step.target.namespace === namespace && !OUR_NAMESPACES.includes(namespace);

const isOwn = (o: KubeObject): boolean => {
  const labels = { ...o.spec?.template?.metadata?.labels, ...o.metadata.labels };
  return OWN_PARTS.includes(labels['app.kubernetes.io/part-of']) || OWN_PARTS.includes(labels['app.kubernetes.io/name']);
};

const drainsOurselves = (f: SafetyFacts): boolean =>
  f.step.action === 'drain_node' && f.world.list('Pod').some((p) => p.spec?.nodeName === f.step.target.name && lineOf(f.world, p).some(isOwn));
