import { controllerOf, podsOf, type KubeObject, type World } from '../domain/kube.js';

/** What the claim's own parts say about where it lives, as far as the evidence has them. */
export interface ClaimParts {
  storageClass: KubeObject | undefined;
  volume: KubeObject | undefined;
  /** The driver that made the volume: what a snapshot class must name. */
  driver: string | undefined;
}

const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';

export function partsOfClaim(world: World, { spec }: KubeObject): ClaimParts {
  const storageClass = world.get('StorageClass', undefined, spec.storageClassName ?? '');
  const volume = world.get('PersistentVolume', undefined, spec.volumeName ?? '');
  return { storageClass, volume, driver: driverOf(volume) ?? (storageClass?.provisioner as string | undefined) };
}

const driverOf = (volume: KubeObject | undefined): string | undefined => volume?.spec?.csi?.driver ?? volume?.metadata.annotations?.[PROVISIONED_BY];

export const nameOfClaim = (claim: KubeObject): string => `claim ${claim.metadata.namespace}/${claim.metadata.name}`;

interface PodVolume {
  name: string;
  persistentVolumeClaim?: { claimName: string };
  ephemeral?: unknown;
}

/** Names of the claims that a pod mounts. */
export const claimNamesOf = (pod: KubeObject): string[] =>
  ((pod.spec?.volumes ?? []) as PodVolume[]).flatMap((v) => {
    if (v.persistentVolumeClaim) return [v.persistentVolumeClaim.claimName];
    return v.ephemeral === undefined ? [] : [`${pod.metadata.name}-${v.name}`];
  });

/** Pods of a workload, or of a whole namespace. */
export const podsUnder = (world: World, o: KubeObject): KubeObject[] => (o.kind === 'Namespace' ? world.list('Pod', o.metadata.name) : podsOf(world, o));

export const podsMounting = (world: World, claim: KubeObject): KubeObject[] =>
  world.list('Pod', claim.metadata.namespace).filter((p) => claimNamesOf(p).includes(claim.metadata.name));

const BUILT_IN = ['v1', 'apps/v1', 'batch/v1'];

/** The operator's resource above an object, which would put its own idea back: `Cluster orders`. */
export function operatorAbove(world: World, object: KubeObject): string | undefined {
  const foreign = (object.metadata.ownerReferences ?? []).find((o) => !BUILT_IN.includes(o.apiVersion));
  if (foreign) return `${foreign.kind} ${foreign.name}`;
  const parent = world.byUid(controllerOf(object)?.uid ?? '');
  return parent === undefined ? undefined : operatorAbove(world, parent);
}
