import type { KubeObject, World } from '../../domain/kube.js';
import { podsOn } from '../../domain/node-match.js';
import { quantityOf } from '../../domain/quantity.js';

/** Amounts by resource name in base units: cores, bytes, pieces. `pods` is always among them. */
export type Amounts = Record<string, number>;

interface Asking {
  resources?: { requests?: Record<string, string> };
  restartPolicy?: string;
}

/** What the scheduler counts for a pod: all containers together, or the largest init container where that is more. */
export function requestsOf(pod: KubeObject): Amounts {
  const { containers, initContainers, overhead } = askedBy(pod);
  const sum: Amounts = { pods: 1 };
  const sidecars = initContainers.filter((c) => c.restartPolicy === 'Always');
  for (const { resources } of [...containers, ...sidecars, { resources: { requests: overhead } }]) add(sum, resources?.requests);
  for (const { resources } of initContainers) {
    for (const [name, amount] of Object.entries(resources?.requests ?? {})) sum[name] = Math.max(sum[name] ?? 0, quantityOf(amount));
  }
  return sum;
}

interface AskedBy {
  containers: Asking[];
  initContainers: Asking[];
  overhead: Record<string, string>;
}

const askedBy = ({ spec }: KubeObject): AskedBy => ({ containers: [], initContainers: [], overhead: {}, ...spec });

function add(sum: Amounts, requests: Record<string, string> = {}): void {
  for (const [name, amount] of Object.entries(requests)) sum[name] = (sum[name] ?? 0) + quantityOf(amount);
}

export function allocatableOf(node: KubeObject): Amounts {
  const amounts: Amounts = {};
  add(amounts, node.status?.allocatable);
  return amounts;
}

/** What is left for new pods when all but these have their requests. */
export function freeOn(world: World, node: KubeObject, isCounted: (pod: KubeObject) => boolean = () => true): Amounts {
  const free = allocatableOf(node);
  for (const pod of podsOn(world, node).filter(isCounted)) {
    for (const [name, amount] of Object.entries(requestsOf(pod))) free[name] = (free[name] ?? 0) - amount;
  }
  return free;
}

/** Names of what a pod asks for and this is not enough of. */
export const lacking = (asked: Amounts, given: Amounts): string[] => Object.keys(asked).filter((name) => asked[name]! > (given[name] ?? 0));

/** `1500m`, `2`, `768Mi`: an amount as a manifest has it, rounded down. */
export function amountText(resource: string, amount: number): string {
  if (/memory|storage/.test(resource)) return `${Math.max(0, Math.floor(amount / 2 ** 20))}Mi`;
  return resource === 'cpu' && !Number.isInteger(amount) ? `${Math.max(0, Math.floor(amount * 1000 + 1e-6))}m` : String(Math.max(0, amount));
}
