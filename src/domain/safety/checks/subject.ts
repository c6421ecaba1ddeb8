import { refOfChange, type Change } from '../../change.js';
import type { KubeObject, World } from '../../kube.js';
import { isSameObject } from '../../target.js';
import type { SafetyFacts } from '../facts.js';

/** The live object of a step, by uid first: a namesake is another object. */
export const subjectOf = ({ world, step: { target } }: SafetyFacts): KubeObject | undefined =>
  (target.uid ? world.byUid(target.uid) : undefined) ?? world.get(target.kind, target.namespace, target.name);

/** The object and everything above it, as far as the world reaches. */
export function lineOf(world: World, object: KubeObject): KubeObject[] {
  const owner = object.metadata.ownerReferences?.find((r) => r.controller);
  const parent = owner && world.byUid(owner.uid);
  return parent ? [object, ...lineOf(world, parent)] : [object];
}

export const isNodeStep = (f: SafetyFacts): boolean => f.step.target.kind === 'Node';

/** Pods that a step evicts or deletes and that still run: one that has finished serves nobody. */
export const evictedPods = (f: SafetyFacts): KubeObject[] =>
  f.step.changes.flatMap((c) => {
    if (c.op !== 'evict' && !(c.op === 'delete' && c.ref.kind === 'Pod')) return [];
    const pod = f.world.byUid(c.uid) ?? f.world.get('Pod', c.ref.namespace, c.ref.name);
    return pod && !['Succeeded', 'Failed'].includes(pod.status?.phase) ? [pod] : [];
  });

/** What a step writes to its own target; a cordon beside a migration is about the node. */
export const ownChanges = (f: SafetyFacts): Change[] => f.step.changes.filter((c) => isSameObject(refOfChange(c), f.step.target));

/**
 * Specs that a step changes: `spec.replicas` for a scale. A status is nobody's declared wish, and an annotation of ours beside
 * theirs is none of a declaration's fields: no owner would put them back.
 */
export const writtenPaths = (f: SafetyFacts): string[][] => specPathsOf(ownChanges(f));

export const specPathsOf = (changes: readonly Change[]): string[][] =>
  changes.flatMap((c) => {
    if (c.op === 'scale') return [['spec', 'replicas']];
    return c.op === 'edit' && c.subresource !== 'status' ? c.edits.map((e) => e.path).filter(([root]) => root !== 'metadata') : [];
  });
