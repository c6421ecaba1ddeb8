import { Type } from '@sinclair/typebox';
import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import { quantityOf } from '../domain/quantity.js';
import { checkGrowth, templateDrift, whyFixed } from './claim-growth.js';
import { defineAction, type Progress } from './define.js';
import { DiskSize, Name, Namespace } from './parameters.js';
import { canonicalQuantity } from './resource-growth.js';
import { nameOfClaim, podsMounting } from './volume.js';
import { refuse } from './workload.js';

/**
 * More room for one claim, up to twice of what it has. There is no way back.
 *
 * Policy limits: `maxSize` (default 1Ti), `cooldown` between two changes of one volume (6h for EBS, else none),
 * `refillWindow` within which a claim that fills up again is taken for a runaway (24h).
 */
export const expandPvc = defineAction({
  id: 'expand_pvc',
  summary: 'Give a volume claim that is filling up more room, at most twice of what it has; it cannot shrink again.',
  tier: 3,
  targets: ['PersistentVolumeClaim'],
  params: Type.Object({ namespace: Namespace, pvc: Name, size: DiskSize }, { additionalProperties: false }),
  targetOf: ({ namespace, pvc }) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: pvc }),
  locate: ({ namespace = '', name }) => ({ namespace, pvc: name }),
  permissions: [{ group: '', resource: 'persistentvolumeclaims', verbs: ['patch'], scope: 'namespace' }],
  undo: { irreversible: 'Kubernetes does not shrink a volume; only an expansion that failed may be asked for less, never below the capacity' },
  timeoutS: 600,
  example: { namespace: 'shop', pvc: 'data-db-0', size: '15Gi' },

  applies: (object, { world }) => whyFixed(object, world) ?? true,

  plan(object, params, facts) {
    const size = canonicalQuantity(params.size);
    const before: string | undefined = object.spec?.resources?.requests?.storage;
    checkApplies(object, facts.world);
    checkGrowth(object, size, facts);
    const drift = templateDrift(object, facts.world);
    return {
      changes: [{ op: 'edit', ref: this.targetOf(params), uid: object.metadata.uid!, edits: [{ path: ['spec', 'resources', 'requests', 'storage'], before, after: size }] }],
      summary: `expand ${nameOfClaim(object)} ${before} → ${size}, which cannot be undone${drift === undefined ? '' : `; ${drift}`}`,
      parameters: { ...params, size },
      ...(object.spec?.volumeMode === 'Block' ? { needsApproval: 'a raw block volume grows, and nobody but its user knows what lies on it' } : {}),
    };
  },

  verify(world, { namespace, pvc, size }) {
    return growthProgress(world, world.get('PersistentVolumeClaim', namespace, pvc), size);
  },
});

function checkApplies(object: KubeObject, world: World): void {
  const reason = whyFixed(object, world);
  if (reason !== undefined) refuse('PreconditionChanged', `${nameOfClaim(object)}: ${reason}`);
}

const FAILED = ['ControllerResizeInfeasible', 'NodeResizeInfeasible', 'ControllerResizeFailed', 'NodeResizeFailed'];

function growthProgress(world: World, claim: KubeObject | undefined, size: string): Progress {
  if (!claim) return { state: 'failed', detail: 'the claim is gone' };
  const capacity = String(claim.status?.capacity?.storage);
  return quantityOf(capacity) >= quantityOf(size) ? { state: 'reached', detail: `capacity is ${capacity}` } : openGrowth(world, claim, capacity);
}

function openGrowth(world: World, claim: KubeObject, capacity: string): Progress {
  const status = String(claim.status?.allocatedResourceStatuses?.storage);
  if (FAILED.includes(status)) return { state: 'failed', detail: `the driver cannot: ${status}; its owner may ask for less again, never below ${capacity}` };
  if (conditionOf(claim, 'FileSystemResizePending')?.status === 'True') return { state: 'waiting', detail: remountDetail(world, claim) };
  return { state: 'waiting', detail: conditionOf(claim, 'ControllerResizeError')?.message ?? `capacity is still ${capacity}` };
}

/** The volume has grown, its file system has not: some drivers do that at the next mount only. */
function remountDetail(world: World, claim: KubeObject): string {
  const pods = podsMounting(world, claim).map((p) => p.metadata.name);
  const next = pods.length === 0 ? 'it grows when a pod mounts it' : `if it stays so, restart ${pods.length === 1 ? 'pod' : 'pods'} ${pods.slice(0, 5).join(', ')} (restart_pod)`;
  return `the volume has grown and its file system waits for a mount; ${next}`;
}
