import type { Edit } from '../domain/change.js';
import { conditionOf, isNodeReady, type KubeObject, type ObjectRef, type World } from '../domain/kube.js';
import { workflowIdOf } from '../domain/target.js';
import type { ActionFacts } from './define.js';
import { refuse } from './workload.js';

/** Whose cordon it is: the workflow that made it. A cordon without it is a person's and is left alone. */
export const CORDONED_BY = 'kubernaut.io/cordoned-by';

const LEAST_SHARE = 0.51;
const LEAST_NODES = 2;

export const nodeRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Node', name });

export const isCordoned = (node: KubeObject): boolean => node.spec?.unschedulable === true;
export const isOurCordon = (node: KubeObject): boolean => isCordoned(node) && Boolean(node.metadata.annotations?.[CORDONED_BY]);

const CONTROL_PLANE = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
export const isControlPlane = (node: KubeObject): boolean => CONTROL_PLANE.some((label) => node.metadata.labels?.[label] !== undefined);

/** Labels by which providers and Karpenter name the group of nodes that replace each other. */
const POOL_LABELS = [
  'karpenter.sh/nodepool', 'eks.amazonaws.com/nodegroup', 'cloud.google.com/gke-nodepool', 'kubernetes.azure.com/agentpool',
  'doks.digitalocean.com/node-pool', 'node.kubernetes.io/pool', 'agentpool',
];

/** The node pool by the label of the provider; the same for all nodes without one. */
export const poolNameOf = (node: KubeObject): string => {
  const label = POOL_LABELS.find((l) => node.metadata.labels?.[l] !== undefined);
  return isControlPlane(node) ? 'control-plane' : label ? `${label}=${node.metadata.labels![label]}` : 'workers';
};

/** The nodes that can stand in for this one, itself included. */
export const poolOf = (world: World, node: KubeObject): KubeObject[] => world.list('Node').filter((n) => poolNameOf(n) === poolNameOf(node));

const TAINT = 'node.kubernetes.io/unschedulable';
export const hasUnschedulableTaint = (node: KubeObject): boolean => (node.spec?.taints ?? []).some((t: { key: string }) => t.key === TAINT);

export const cordonEdits = (node: KubeObject, { evidence }: ActionFacts): Edit[] => [
  { path: ['spec', 'unschedulable'], before: node.spec?.unschedulable, after: true },
  { path: ['metadata', 'annotations', CORDONED_BY], before: node.metadata.annotations?.[CORDONED_BY], after: workflowIdOf(evidence.target) },
];

/** Enough of the pool must stay: 51 % of it, and two nodes. */
export function checkPool(world: World, node: KubeObject): void {
  const pool = poolOf(world, node);
  const left = pool.filter((n) => n.metadata.name !== node.metadata.name && isNodeReady(n) && !isCordoned(n));
  if (left.length < LEAST_NODES || left.length / pool.length < LEAST_SHARE) {
    refuse('PreconditionChanged', `node ${node.metadata.name}: only ${left.length} of ${pool.length} nodes of its pool would stay schedulable; add or uncordon nodes first`);
  }
}

const TROUBLE = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable'];
export const troubleOf = (node: KubeObject): string | undefined => TROUBLE.find((type) => conditionOf(node, type)?.status === 'True');

/** Somebody is about to remove or replace the node. */
const LEAVING_TAINTS = [
  'ToBeDeletedByClusterAutoscaler', 'DeletionCandidateOfClusterAutoscaler', 'karpenter.sh/disrupted', 'karpenter.sh/disruption',
  'node.kubernetes.io/out-of-service', 'node.cluster.x-k8s.io/uninitialized',
];
export const leavingTaintOf = (node: KubeObject): string | undefined =>
  (node.spec?.taints ?? []).map((t: { key: string }) => t.key).find((key: string) => LEAVING_TAINTS.includes(key));
