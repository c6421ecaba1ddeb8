import type { KubeObject, World } from '../domain/kube.js';
import { isCordoned, isOurCordon, poolOf } from './node.js';

/** What controllers that reboot or reinstall nodes write on the one they are at: kured, Flatcar's update operator. */
const AT_WORK = ['kured.dev/kured-reboot-in-progress', 'weave.works/kured-reboot-in-progress', 'flatcar-linux-update.v1.flatcar-linux.net/reboot-in-progress'];
/** OpenShift's machine config daemon: `Done` when it is through. */
const MACHINE_CONFIG = 'machineconfiguration.openshift.io/state';

/** Who is rebooting or upgrading this node at the moment, by the mark they leave; undefined when nobody is known to. */
export function upgradeOf({ metadata: { annotations = {} } }: KubeObject): string | undefined {
  const mark = AT_WORK.find((key) => annotations[key] !== undefined && annotations[key] !== 'false');
  const state = annotations[MACHINE_CONFIG];
  return mark ?? (state !== undefined && state !== 'Done' ? `${MACHINE_CONFIG}=${state}` : undefined);
}

/**
 * An upgrade that goes through the pool of this node. Kubelets of several versions alone may stay like that for weeks; with a
 * node that somebody else has closed, the upgrade is moving.
 */
export function upgradeIn(world: World, node: KubeObject): string | undefined {
  const pool = poolOf(world, node);
  const marked = pool.find((n) => upgradeOf(n) !== undefined);
  if (marked) return `${upgradeOf(marked)} on node ${marked.metadata.name}`;
  const versions = new Set(pool.flatMap((n) => (n.status?.nodeInfo?.kubeletVersion as string | undefined) ?? []));
  const closed = pool.find((n) => isCordoned(n) && !isOurCordon(n));
  return versions.size > 1 && closed ? `kubelets ${[...versions].sort().join(', ')}, and node ${closed.metadata.name} is cordoned` : undefined;
}
