import { sameValue, valueAt, type Edit } from '../../domain/change.js';
import { KubernautError } from '../../domain/errors.js';
import { refOf, type KubeObject, type World } from '../../domain/kube.js';
import { isMasked, redactObject } from '../../domain/redact-object.js';
import { describeTarget } from '../../domain/target.js';

const HASH_LABEL = 'pod-template-hash';

/**
 * Plans travel through histories and databases, so they carry masks where the cluster has secrets. Just before the write each masked
 * value is replaced by the real one from where it came: the object itself or one of its revisions. A mask is never written:
 * where no revision, or more than one, fits, the change is refused.
 */
export function unmasked(world: World, live: KubeObject, edits: readonly Edit[], isUndo: boolean): Edit[] {
  if (!edits.some((e) => isMasked(e.after))) return [...edits];
  const sources = sourcesOf(world, live).map((real) => ({ real, redacted: redactObject(real) }));
  return edits.map((edit) => {
    if (!isMasked(edit.after)) return edit;
    const fitting = sources.filter((s) => sameValue(valueAt(s.redacted, edit.path), edit.after)).map((s) => valueAt(s.real, edit.path));
    const after = fitting[0];
    if (after !== undefined && fitting.every((value) => sameValue(value, after))) return { ...edit, after };
    const why = fitting.length === 0 ? 'no revision holds' : 'several revisions differ in';
    throw new KubernautError(
      isUndo ? 'InverseUnavailable' : 'PreconditionChanged',
      `${describeTarget(refOf(live))}: ${why} the secret value behind ${edit.path.join('.')}; a person must write it`,
    );
  });
}

/** Things shaped like the object: itself, and its revisions. */
function sourcesOf(world: World, live: KubeObject): KubeObject[] {
  const owned = world.ownedBy(live.metadata.uid ?? '');
  const replicaSets = owned.filter((o) => o.kind === 'ReplicaSet').map(withoutHash);
  const revisions = owned.filter((o) => o.kind === 'ControllerRevision').map((o) => ({ ...o, kind: live.kind, spec: o.data?.spec }));
  return [live, ...replicaSets, ...revisions];
}

/** The controller put this label into the template; the Deployment's own has none. */
function withoutHash(replicaSet: KubeObject): KubeObject {
  const copy = structuredClone(replicaSet);
  delete copy.spec?.template?.metadata?.labels?.[HASH_LABEL];
  return copy;
}
