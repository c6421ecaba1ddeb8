import type { KubeObject, World } from '../../domain/kube.js';
import { quantityOf } from '../../domain/quantity.js';
import { nameOf } from './proposals.js';
import { containersOf } from './rollout.js';

/** A resource of a quota: how much is used of how much, in base units. */
export interface Bound {
  name: string;
  used: number;
  hard: number;
  /** As the quota writes them. */
  text: string;
}

/** What the quota bounds, the fullest first. */
export const boundsOf = (quota: KubeObject): Bound[] =>
  Object.entries((quota.status?.hard ?? {}) as Record<string, string>)
    .map(([name, hard]) => {
      const used: string = quota.status?.used?.[name] ?? '0';
      return { name, used: quantityOf(used), hard: quantityOf(hard), text: `${name}: ${used} of ${hard}` };
    })
    .sort((a, b) => shareOf(b) - shareOf(a));

export const shareOf = ({ used, hard }: Bound): number => (hard > 0 ? used / hard : used > 0 ? Infinity : 1);

/** Who takes most of a resource in a namespace, by top owner: `deployment shop/api 3Gi`. */
export function biggestUsers(world: World, namespace: string | undefined, resource: string): string[] {
  const by = new Map<KubeObject, number>();
  for (const pod of world.list('Pod', namespace)) {
    if (resource !== 'count/pods' && ['Succeeded', 'Failed'].includes(pod.status?.phase)) continue;
    const top = world.topOwnerOf(pod);
    by.set(top, (by.get(top) ?? 0) + partOf(pod, resource));
  }
  return [...by].filter(([, amount]) => amount > 0).sort((a, b) => b[1] - a[1]).slice(0, 3).map(([o, amount]) => `${nameOf(o)} ${amountOf(resource, amount)}`);
}

/** `requests.memory`, `limits.cpu`, `cpu` (= its request), `pods`. */
function partOf(pod: KubeObject, resource: string): number {
  if (/(^|\/)pods$/.test(resource)) return 1;
  const [kind, name] = resource.includes('.') ? resource.split(/\.(.*)/) : ['requests', resource];
  if (kind !== 'requests' && kind !== 'limits') return 0;
  return containersOf(pod).reduce((sum, c) => sum + quantityOf(c.resources?.[kind]?.[name ?? '']), 0);
}

const amountOf = (resource: string, amount: number): string => (/memory|storage/.test(resource) ? `${Math.round(amount / 2 ** 20)}Mi` : String(Math.round(amount * 1000) / 1000));
