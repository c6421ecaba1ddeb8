import { conditionOf, type KubeObject } from '../domain/kube.js';
import { quantityOf } from '../domain/quantity.js';
import type { ActionFacts } from './define.js';
import { claimNamesOf, podsUnder } from './volume.js';
import { usedPercent } from './volume-usage.js';

/** Why space or room for objects is needed here, as measured. */
export type Pressure = { by: 'quota' | 'node' | 'volume'; name: string; text: string };

const FULL_PERCENT = 85;

/** What finished objects count against; plain `pods` counts running ones only. */
const COUNTS = { Pod: ['count/pods'], Job: ['count/jobs.batch', 'count/pods'] };

/** An object-count quota that blocks, or a node under disk pressure that holds pods of the namespace. */
export function pressureOfObjects(kind: 'Pod' | 'Job', namespace: string, facts: ActionFacts): Pressure | undefined {
  for (const quota of facts.world.list('ResourceQuota', namespace)) {
    const full = COUNTS[kind].find((key) => isFull(quota, key));
    if (full) return { by: 'quota', name: quota.metadata.name, text: `quota ${quota.metadata.name} has ${quota.status.used[full]} of ${quota.status.hard[full]} ${full} in use` };
  }
  return pressureOfNodes(facts.world.list('Pod', namespace), facts);
}

const isFull = ({ status }: KubeObject, key: string): boolean => status?.hard?.[key] !== undefined && quantityOf(status.used?.[key]) >= quantityOf(status.hard[key]);

/** A volume at least 85 % full, or a node under disk pressure, that the pods use. */
export function pressureOfData(workload: KubeObject, facts: ActionFacts): Pressure | undefined {
  const { world } = facts;
  const pods = podsUnder(world, workload);
  const names = new Set(pods.flatMap(claimNamesOf));
  const claims = world.list('PersistentVolumeClaim', pods[0]?.metadata.namespace).filter((c) => names.has(c.metadata.name));
  for (const claim of claims) {
    const used = usedPercent(claim, facts) ?? 0;
    if (used >= FULL_PERCENT) return { by: 'volume', name: claim.metadata.name, text: `claim ${claim.metadata.name} is ${Math.floor(used)} % full` };
  }
  return pressureOfNodes(pods, facts);
}

function pressureOfNodes(pods: readonly KubeObject[], { world }: ActionFacts): Pressure | undefined {
  const used = new Set(pods.map((p) => p.spec?.nodeName as string | undefined));
  const node = world.list('Node').find((n) => used.has(n.metadata.name) && hasDiskPressure(n));
  return node && { by: 'node', name: node.metadata.name, text: `node ${node.metadata.name} is under disk pressure` };
}

export const hasDiskPressure = (node: KubeObject | undefined): boolean => conditionOf(node, 'DiskPressure')?.status === 'True';
