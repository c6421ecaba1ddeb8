import { controllerOf, selects, type KubeObject, type World } from '../../domain/kube.js';

/** The controllers above an object, nearest first, as far as the world reaches. */
export function ownersOf(world: World, o: KubeObject): KubeObject[] {
  const owners: KubeObject[] = [];
  for (let owner = controllerOf(o); owner && owners.length < 10; owner = controllerOf(owners.at(-1)!)) {
    const found = world.byUid(owner.uid);
    if (!found) break;
    owners.push(found);
  }
  return owners;
}

/** Everything controlled by an object, directly or below. */
export function dependentsOf(world: World, o: KubeObject, depth = 4): KubeObject[] {
  if (depth === 0 || !o.metadata.uid) return [];
  return world.ownedBy(o.metadata.uid).flatMap((child) => [child, ...dependentsOf(world, child, depth - 1)]);
}

/** Claims, volumes and classes behind these pods' volumes. */
export function storageOf(world: World, pods: readonly KubeObject[]): KubeObject[] {
  const claims = pods.flatMap((pod) =>
    ((pod.spec?.volumes ?? []) as { name: string; persistentVolumeClaim?: { claimName: string }; ephemeral?: unknown }[]).map((v) =>
      world.get('PersistentVolumeClaim', pod.metadata.namespace, v.persistentVolumeClaim?.claimName ?? (v.ephemeral ? `${pod.metadata.name}-${v.name}` : '')),
    ),
  );
  return claims.filter((c) => c !== undefined).flatMap((claim) => [claim, ...behindClaim(world, claim)]);
}

export const behindClaim = (world: World, claim: KubeObject): KubeObject[] =>
  [
    world.get('PersistentVolume', undefined, claim.spec?.volumeName ?? ''),
    world.get('StorageClass', undefined, claim.spec?.storageClassName ?? ''),
  ].filter((o) => o !== undefined);

/** Pods that mount a claim. */
export const podsUsing = (world: World, claim: KubeObject): KubeObject[] =>
  world.list('Pod', claim.metadata.namespace).filter((pod) => storageOf(world, [pod]).includes(claim));

/** Disruption budgets that select any of these pods: those of a node come from many namespaces. */
export const budgetsOver = (world: World, pods: readonly KubeObject[]): KubeObject[] => {
  const namespaces = [...new Set(pods.map((p) => p.metadata.namespace))];
  return namespaces
    .flatMap((namespace) => world.list('PodDisruptionBudget', namespace))
    .filter((b) => pods.some((p) => p.metadata.namespace === b.metadata.namespace && selects(b.spec?.selector, p.metadata.labels)));
};

/** Services of the namespace that select any of these label sets. */
export function servicesOf(world: World, namespace: string | undefined, labelSets: readonly (Record<string, string> | undefined)[]): KubeObject[] {
  return world.list('Service', namespace).filter((service) => {
    const selector = service.spec?.selector as Record<string, string> | undefined;
    return selector && Object.keys(selector).length > 0 && labelSets.some((labels) => selects({ matchLabels: selector }, labels));
  });
}

export const slicesOf = (world: World, services: readonly KubeObject[]): KubeObject[] =>
  services.flatMap((service) =>
    world.list('EndpointSlice', service.metadata.namespace).filter((s) => s.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name),
  );
