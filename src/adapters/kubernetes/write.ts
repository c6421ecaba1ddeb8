import { KubernautError } from '../../domain/errors.js';
import type { KubeObject, ObjectRef, World } from '../../domain/kube.js';
import type { ApplyOptions } from '../../domain/ports.js';
import { describeTarget, shortHash } from '../../domain/target.js';
import type { ApiRequest } from './connection.js';
import type { Rest } from './rest.js';

export const FIELD_MANAGER = 'kubernaut';

/** What one kind of write needs: how to read, how to send, whose write it is. */
export interface Writer {
  rest: Rest;
  options: ApplyOptions;
  /** `kubernaut/<version> action=<h>`: the API server's audit log is then a ledger of what we did. */
  userAgent: string;
  /**
   * The object to judge by. A dry run may judge by the cache (`isFresh` false): it writes nothing, and a stale
   * version only makes the server refuse it, after which it is read live.
   */
  read(ref: ObjectRef, isFresh: boolean): Promise<KubeObject | undefined>;
  /** Revisions, to find the real values of masked ones. */
  world(): World;
}

/** The request with our marks on it. */
export const marked = (w: Writer, request: ApiRequest): ApiRequest => ({
  ...request,
  userAgent: w.userAgent,
  query: { ...request.query, ...(request.verb === 'delete' ? {} : { fieldManager: FIELD_MANAGER }), ...(w.options.isDryRun ? { dryRun: 'All' } : {}) },
});

export const userAgentOf = (version: string, actionId?: string): string =>
  `kubernaut/${version}${actionId === undefined ? '' : ` action=${shortHash(actionId)}`}`;

export const done = (w: Writer, object?: KubeObject) => ({ status: w.options.isDryRun ? ('dry_run' as const) : ('applied' as const), ...(object ? { object } : {}) });

export const alreadyDone = (object?: KubeObject) => ({ status: 'already_applied' as const, ...(object ? { object } : {}) });

/** The live object if it is the one the plan was made for. */
export function sameObjectOrThrow(live: KubeObject | undefined, ref: ObjectRef, uid: string): KubeObject {
  if (!live) throw new KubernautError('TargetNotFound', `${describeTarget(ref)} does not exist any more; plan again from what exists now`);
  if (live.metadata.uid !== uid) {
    throw new KubernautError('TargetReplaced', `${describeTarget(ref)} was deleted and made anew since the plan (uid ${live.metadata.uid}, planned ${uid}); plan again`);
  }
  return live;
}

export const changedSincePlan = (w: Writer, ref: ObjectRef, what: string): KubernautError =>
  w.options.isUndo
    ? new KubernautError('Drifted', `${describeTarget(ref)}: somebody changed ${what} after us; undoing would overwrite that, so look at it and decide`)
    : new KubernautError('PreconditionChanged', `${describeTarget(ref)}: ${what} differs from what the plan was made for; plan again`);

export const lostTheRace = (ref: ObjectRef, cause: unknown): KubernautError =>
  new KubernautError('ConflictTransient', `${describeTarget(ref)} was written by somebody else at the same moment, the planned fields still hold; retry`, cause);
