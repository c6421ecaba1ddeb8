import type { KubeObject } from '../domain/kube.js';
import type { ActionFacts } from './define.js';
import { textLimit } from './limits.js';
import { nameOfClaim, partsOfClaim } from './volume.js';
import { refuse } from './workload.js';

const DEFAULT_CLASS = 'snapshot.storage.kubernetes.io/is-default-class';

/** The class that the snapshot will name: of the claim's own driver, and of the deletion policy that the policy asks for. */
export function snapshotClassFor(claim: KubeObject, { world, limits }: ActionFacts): KubeObject {
  const at = nameOfClaim(claim);
  const { driver } = partsOfClaim(world, claim);
  const named = textLimit(limits, 'class');
  if (named !== undefined) return namedClass(named, driver, claim, world.get('VolumeSnapshotClass', undefined, named));
  const wanted = textLimit(limits, 'deletionPolicy');
  const fitting = world
    .list('VolumeSnapshotClass')
    .filter((c) => c['driver'] === driver && (wanted === undefined || c['deletionPolicy'] === wanted))
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const chosen = fitting.find((c) => c.metadata.annotations?.[DEFAULT_CLASS] === 'true') ?? fitting[0];
  const kind = wanted === undefined ? '' : ` with deletionPolicy ${wanted}`;
  return chosen ?? refuse('Unsupported', `${at}: there is no VolumeSnapshotClass of its driver ${driver ?? '(unknown)'}${kind}; create one, or back the data up by its own means`);
}

function namedClass(name: string, driver: string | undefined, claim: KubeObject, found: KubeObject | undefined): KubeObject {
  const at = nameOfClaim(claim);
  if (!found) return refuse('Unsupported', `${at}: the policy names VolumeSnapshotClass ${name}, which does not exist; create it or correct the policy`);
  if (found['driver'] !== driver) refuse('PreconditionChanged', `${at} is of driver ${driver ?? '(unknown)'}, VolumeSnapshotClass ${name} of ${String(found['driver'])}; name one of the same driver in the policy`);
  return found;
}
