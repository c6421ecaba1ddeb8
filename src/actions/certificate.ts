import type { Edit } from '../domain/change.js';
import { conditionOf, refOf, type KubeObject } from '../domain/kube.js';
import { checkSecretKind, wordsOf, type Rotation, type Since } from './rotation.js';
import { refuse } from './workload.js';

const secretOf = (o: KubeObject): string => o.spec?.secretName ?? '';
const revisionOf = (o: KubeObject): number => Number(o.status?.revision ?? 0);

/**
 * cert-manager: issue again, as `cmctl renew` asks for it: a condition Issuing in the status. The old certificate stays valid until
 * its end, so the two overlap by nature.
 */
export const certificateRotation: Rotation = {
  kind: 'Certificate',
  api: 'cert-manager.io/v1/Certificate',
  secretOf,

  check(object, _facts, at) {
    checkSecretKind(secretOf(object), undefined, at);
    if (object.spec?.isCA === true) refuse('PolicyDenied', `${at} is a certificate authority: all it has signed would have to follow; a person must plan that`);
    const issuing = conditionOf(object, 'Issuing');
    if (issuing?.status === 'True') refuse('PreconditionChanged', `${at} is being issued already (${issuing.reason ?? 'Issuing'}); wait for it`);
    if (revisionOf(object) < 1) refuse('PreconditionChanged', `${at} was never issued; look at its issuer and its conditions first`);
  },

  trigger(object, { now }) {
    const issuing = {
      type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: 'Certificate re-issuance manually triggered',
      lastTransitionTime: now.replace(/\.\d+Z$/, 'Z'), observedGeneration: object.metadata.generation,
    };
    const revision = revisionOf(object);
    // once issued the condition is gone again: the revision tells a repeat that it has been there
    const guard: Edit = { path: ['status', 'revision'], before: revision, after: revision };
    return { op: 'edit', subresource: 'status', ref: refOf(object), uid: object.metadata.uid!, edits: [conditionEdit(object, issuing), guard] };
  },

  sinceOf,

  progress(object, since) {
    const issuing = conditionOf(object, 'Issuing');
    const now = sinceOf(object);
    if ((now.revision ?? 0) > (since.revision ?? 0) && issuing?.status !== 'True') return { state: 'reached', detail: `revision ${now.revision} issued` };
    if (now.failingSince && now.failingSince !== since.failingSince) return { state: 'failed', detail: `the issuer refused: ${wordsOf(issuing)}` };
    return { state: 'waiting', detail: issuing?.status === 'True' ? 'being issued' : 'the issuing has not begun yet' };
  },
};

function conditionEdit({ status }: KubeObject, after: { type: string }): Edit {
  const path = ['status', 'conditions'];
  const conditions: { type: string }[] | undefined = status?.conditions;
  if (!conditions) return { path, after: [after] };
  const at = conditions.findIndex((c) => c.type === after.type);
  return at < 0 ? { path: [...path, String(conditions.length)], after } : { path: [...path, String(at)], before: conditions[at], after };
}

function sinceOf(object: KubeObject): Since {
  const issuing = conditionOf(object, 'Issuing');
  return { revision: revisionOf(object), ...(issuing?.status === 'False' ? { failingSince: issuing.lastTransitionTime ?? 'unknown' } : {}) };
}
