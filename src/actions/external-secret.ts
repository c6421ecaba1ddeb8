import { conditionOf, refOf, type KubeObject } from '../domain/kube.js';
import type { ActionFacts } from './define.js';
import { checkSecretKind, wordsOf, type Rotation, type Since } from './rotation.js';
import { refuse } from './workload.js';

/** The annotation of the operator's own guide; any change of an annotation makes it fetch again. */
const FORCE_SYNC = 'force-sync';
/** Declared by the owner: the provider accepts old and new value side by side until the old one is revoked. */
export const OVERLAP = 'kubernaut.io/rotation-overlap';

const secretOf = (o: KubeObject): string => o.spec?.target?.name ?? o.metadata.name;

/** External Secrets: fetch again from the provider, where the source was rotated or a generator makes a new value. */
export const externalSecretRotation: Rotation = {
  kind: 'ExternalSecret',
  api: 'external-secrets.io/v1/ExternalSecret',
  secretOf,

  check(object, facts, at) {
    const target = object.spec?.target ?? {};
    checkSecretKind(secretOf(object), target.template?.type, at);
    if (target.creationPolicy === 'None') refuse('PreconditionChanged', `${at} makes no Secret (creationPolicy None); nothing would be rotated`);
    if (target.immutable === true) refuse('PreconditionChanged', `${at}: its Secret is immutable, the operator never writes it again; make a new one under another name`);
    checkRefreshes(object, at);
    checkOverlap(object, facts, at);
    if (sinceOf(object).refreshTime === undefined) refuse('PreconditionChanged', `${at} was never synced; look at its store and its conditions first`);
  },

  trigger(object, { action }) {
    const path = ['metadata', 'annotations', FORCE_SYNC];
    // the id of the action, not the clock: a repeat writes the same value and fetches nothing anew
    return { op: 'edit', ref: refOf(object), uid: object.metadata.uid!, edits: [{ path, before: object.metadata.annotations?.[FORCE_SYNC], after: action.id }] };
  },

  sinceOf,

  progress(object, since) {
    const now = sinceOf(object);
    const ready = conditionOf(object, 'Ready');
    const isReady = ready?.status === 'True';
    if (isReady && isLater(now, since)) return { state: 'reached', detail: `refreshed at ${now.refreshTime}` };
    if (now.failingSince && now.failingSince !== since.failingSince) return { state: 'failed', detail: `the refresh failed: ${wordsOf(ready)}` };
    return { state: 'waiting', detail: isReady ? 'not refreshed yet' : `not refreshed: ${wordsOf(ready)}` };
  },
};

/** The time has whole seconds: within the same one, the state that was synced tells them apart. */
const isLater = ({ refreshTime = '', synced }: Since, since: Since): boolean =>
  refreshTime !== '' && (refreshTime > (since.refreshTime ?? '') || (refreshTime === since.refreshTime && synced !== since.synced));

/**
 * By its policy: `CreatedOnce` never fetches again, and the periodic default with interval zero ignores the annotation.
 * `OnChange` does fetch when an annotation changes.
 */
function checkRefreshes({ spec }: KubeObject, at: string): void {
  const policy: string = spec?.refreshPolicy ?? 'Periodic';
  if (policy === 'CreatedOnce') refuse('PreconditionChanged', `${at} never refreshes (refreshPolicy CreatedOnce); its owner must change that or make a new one`);
  const isZero = spec?.refreshInterval !== undefined && !/[1-9]/.test(String(spec.refreshInterval));
  if (policy === 'Periodic' && isZero) refuse('PreconditionChanged', `${at} never refreshes (refreshInterval 0), the annotation does nothing; its owner must set an interval`);
}

function checkOverlap({ metadata }: KubeObject, { limits }: ActionFacts, at: string): void {
  if (limits.overlap === true || metadata.annotations?.[OVERLAP] === 'true') return;
  refuse('PolicyDenied', `${at}: nobody declared that old and new value work side by side; annotate it with ${OVERLAP}: "true", or set overlap: true for rotate_secrets in the policy`);
}

function sinceOf({ status }: KubeObject): Since {
  const ready = (status?.conditions ?? []).find((c: { type: string }) => c.type === 'Ready');
  return {
    ...(status?.refreshTime ? { refreshTime: status.refreshTime } : {}),
    ...(status?.syncedResourceVersion ? { synced: status.syncedResourceVersion } : {}),
    ...(ready?.status === 'False' ? { failingSince: ready.lastTransitionTime ?? 'unknown' } : {}),
  };
}
