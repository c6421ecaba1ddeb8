import { changesOf } from '../../domain/changes.js';
import { configChange } from '../../domain/changes/config-version.js';
import type { ObjectChange } from '../../domain/changes/object-change.js';
import type { EventLine, Problem, RecordedChange } from '../../domain/evidence.js';
import { worldOf, type KubeObject } from '../../domain/kube.js';
import type { Store } from '../../domain/ports.js';
import type { Target } from '../../domain/target.js';
import type { Configuration } from './read-configuration.js';

const DAY_MS = 86_400_000;

/** What changed is kept in the database, and what this process saw within the last seconds is not there yet. */
export interface ChangeLog {
  store: Pick<Store, 'changesIn' | 'noteConfigVersions' | 'recordChanges'>;
  flush(): Promise<void>;
}

export interface About {
  target: Target;
  /** The target itself, when it is there. */
  object: KubeObject | undefined;
  /** As chosen for evidence, unredacted: the derivation redacts what it keeps. */
  objects: readonly KubeObject[];
  problems: readonly Problem[];
  events: readonly EventLine[];
  takenAt: string;
}

/** Everything that changed around a target: what its own objects tell, and what was recorded. Throws StoreUnavailable. */
export async function whatChanged(log: ChangeLog | undefined, about: About, configuration: Configuration): Promise<RecordedChange[]> {
  const { object: target, ...around } = about;
  if (!target) return [];
  const recorded = log ? await recordedAround(log, about, configuration) : [];
  return changesOf({ ...around, target, world: worldOf(about.objects), recorded, configuration: configuration.objects });
}

async function recordedAround(log: ChangeLog, { target, objects, takenAt }: About, configuration: Configuration): Promise<ObjectChange[]> {
  const known = await log.store.noteConfigVersions(configuration.versions);
  const edits = configuration.versions.flatMap((now) => configChange(known.find((k) => k.namespace === now.namespace && k.name === now.name), now) ?? []);
  await log.store.recordChanges(edits);
  await log.flush();
  const namespaces = [...new Set(objects.flatMap((o) => (o.kind === 'Pod' || !o.metadata.namespace ? [] : [o.metadata.namespace])))];
  return log.store.changesIn({ cluster: target.cluster, namespaces, since: new Date(Date.parse(takenAt) - DAY_MS).toISOString() });
}
