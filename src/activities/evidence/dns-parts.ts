import type { KubeObject, World } from '../../domain/kube.js';
import { dependentsOf } from './relatives.js';

const NAMES = ['coredns', 'kube-dns'];

/** The cluster's name service with its pods, wherever the target is: names that do not resolve look like anything else. */
export function dnsParts(world: World): KubeObject[] {
  const parts = world.list('Deployment', 'kube-system').filter((d) => d.metadata.labels?.['k8s-app'] === 'kube-dns' || NAMES.includes(d.metadata.name));
  return parts.flatMap((d) => [d, ...dependentsOf(world, d).filter((o) => o.kind === 'Pod' || (o.status?.replicas ?? 0) > 0)]);
}
