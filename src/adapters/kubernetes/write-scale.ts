import type { Change } from '../../domain/change.js';
import { KubernautError } from '../../domain/errors.js';
import type { KubeObject } from '../../domain/kube.js';
import type { ChangeOutcome } from '../../domain/ports.js';
import { describeTarget } from '../../domain/target.js';
import { alreadyDone, changedSincePlan, done, lostTheRace, marked, sameObjectOrThrow, type Writer } from './write.js';

type ScaleChange = Extract<Change, { op: 'scale' }>;

/** PUT of the scale subresource: a role that may only do this cannot touch the image. */
export async function writeScale(w: Writer, change: ScaleChange): Promise<ChangeOutcome> {
  const live = sameObjectOrThrow(await w.read(change.ref, false), change.ref, change.uid);
  if (judge(w, change, live) === 'after') return alreadyDone(live);
  try {
    return done(w, await put(w, change, live));
  } catch (error) {
    return afterRefusal(w, change, live, error);
  }
}

function judge(w: Writer, change: ScaleChange, live: KubeObject): 'before' | 'after' {
  const replicas = replicasOf(live);
  if (replicas === change.after) return 'after';
  if (replicas === change.before) return 'before';
  throw changedSincePlan(w, change.ref, `spec.replicas (now ${replicas}, planned ${change.before} → ${change.after})`);
}

/** A Scale leaves out 0; a workload from the cache always has its default filled in. */
const replicasOf = (o: KubeObject): number => o.spec?.replicas ?? (o.kind === 'Scale' ? 0 : 1);

async function put(w: Writer, change: ScaleChange, live: KubeObject): Promise<KubeObject> {
  const { namespace, name } = change.ref;
  const request = marked(w, {
    verb: 'update',
    path: `${await w.rest.pathOf(change.ref)}/scale`,
    body: {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { namespace, name, uid: change.uid, resourceVersion: live.metadata.resourceVersion },
      spec: { replicas: change.after },
    },
  });
  return (await w.rest.send(request, { about: describeTarget(change.ref) })) as KubeObject;
}

async function afterRefusal(w: Writer, change: ScaleChange, sent: KubeObject, error: unknown): Promise<ChangeOutcome> {
  if (!(error instanceof KubernautError) || error.code !== 'ConflictTransient') throw error;
  const live = sameObjectOrThrow(await w.read(change.ref, true), change.ref, change.uid);
  if (judge(w, change, live) === 'after') return alreadyDone(live);
  const isStale = live.metadata.resourceVersion !== sent.metadata.resourceVersion;
  if (w.options.isDryRun && isStale) return done(w, await put(w, change, live));
  throw lostTheRace(change.ref, error);
}
