import { KubernautError } from '../../domain/errors.js';
import type { KubeObject, ObjectRef } from '../../domain/kube.js';
import { describeTarget } from '../../domain/target.js';

/**
 * An answer older than what the watch has shown us already (a proxy's cache, an API server behind the others) must not be judged
 * by: what it says is done may have been taken back since. Versions of one kind are numbers that grow; anything else is
 * not compared. A scale carries the version of its workload.
 */
export function freshOrThrow(read: KubeObject | undefined, seen: KubeObject | undefined, ref: ObjectRef): KubeObject | undefined {
  if (!read || !seen || read.metadata.uid !== seen.metadata.uid) return read;
  if (Number(read.metadata.resourceVersion) < Number(seen.metadata.resourceVersion)) {
    throw new KubernautError('ConflictTransient', `${describeTarget(ref)}: the API server answered with a version older than one it has shown before; retry`);
  }
  return read;
}
