import { isAboutFullVolume, isAboutInodes, sizeWrittenAt } from '../domain/claim.js';
import type { Evidence, Problem } from '../domain/evidence.js';
import { conditionOf, controllerOf, isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { bytesOf } from '../domain/quantity.js';
import { defineAnalyzer } from './define.js';
import { cut, eventsOf } from './reading/container-trouble.js';
import { expandClaim, nameOf, restartPod, targetOf } from './reading/proposals.js';
import { claimsInScope } from './reading/claims.js';
import { mounts } from './reading/scene.js';

const GI = 2 ** 30;
/** An alert resolves some minutes after the room is there; and a file system grows within one of its volume. */
const ALERT_LAG_MS = 600_000;
const MOUNT_LAG_MS = 60_000;

/** Claims that wait for ever, or are (nearly) full. */
export const volumeClaim = defineAnalyzer({
  id: 'volume_claim',
  summary: 'A persistent volume claim is Pending, Lost or full.',
  looksAt: ['persistentvolumeclaims', 'storageclasses', 'pods', 'events'],
  diagnose: (evidence, world) => claimsInScope(evidence, world).flatMap((claim) => findingOf(claim, evidence, world)),
});

function findingOf(claim: KubeObject, evidence: Evidence, world: World): Finding[] {
  const base = { analyzer: 'volume_claim', target: targetOf(claim), proposals: [], conclusion: 'needs_person' as const };
  const phase = claim.status?.phase;
  if (phase === 'Lost') {
    return [{ ...base, cause: 'volume.lost', summary: `${nameOf(claim)} lost its volume`, evidence: ['status.phase is Lost'], confidence: 0.9, edit: `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}` }];
  }
  if (phase === 'Pending') return pending(claim, evidence, world, base);
  const waits = waitingForMount(claim, evidence, world);
  if (waits) return [waits];
  const alert = firingAbout(claim, evidence);
  if (!alert) return [];
  return isAboutInodes(alert.alert) ? [outOfInodes(claim, alert.alert, base)] : [full(claim, alert.alert, world, base)];
}

/** Of this claim, and not of the time before it was made bigger. */
function firingAbout(claim: KubeObject, { problems, takenAt }: Evidence): Problem | undefined {
  const grown = sizeWrittenAt(claim);
  const isLate = (p: Problem): boolean => grown !== undefined && Date.parse(p.startedAt) < grown && Date.parse(takenAt) - grown < ALERT_LAG_MS;
  return problems.find(
    (p) => p.status === 'firing' && (isAboutFullVolume(p.alert) || isAboutInodes(p.alert)) && (p.labels['persistentvolumeclaim'] ?? claim.metadata.name) === claim.metadata.name && !isLate(p),
  );
}

/** The volume has grown, its file system does so at the next mount: a pod that mounts it anew. */
function waitingForMount(claim: KubeObject, evidence: Evidence, world: World): Finding | undefined {
  const condition = conditionOf(claim, 'FileSystemResizePending');
  const since = Date.parse(condition?.lastTransitionTime ?? '');
  if (condition?.status !== 'True' || !(Date.parse(evidence.takenAt) - since > MOUNT_LAG_MS)) return undefined;
  const pod = world.list('Pod', claim.metadata.namespace).find((p) => mounts(p, claim.metadata.name) && isPodReady(p) && controllerOf(p));
  const reason = `${nameOf(claim)} has grown, and its file system waits for a mount`;
  return {
    analyzer: 'volume_claim',
    cause: 'volume.resize_waits_for_mount',
    summary: `${reason}${pod ? '' : '; no pod that would be replaced mounts it'}`,
    target: targetOf(claim),
    evidence: [cut(`FileSystemResizePending since ${condition.lastTransitionTime ?? '?'}: ${condition.message ?? ''}`)],
    confidence: 0.86,
    ...(pod ? { proposals: [restartPod(pod, 0.86, reason)] } : { proposals: [], conclusion: 'needs_person' as const }),
  };
}

const outOfInodes = (claim: KubeObject, alert: string, base: Base): Finding => ({
  ...base,
  cause: 'volume.inodes',
  summary: `${nameOf(claim)} runs out of inodes: many small files, which its owner must find`,
  evidence: [`alert ${cut(alert, 80)}`],
  confidence: 0.88,
  edit: `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}`,
});

type Base = Pick<Finding, 'analyzer' | 'target' | 'proposals' | 'conclusion'>;

function pending(claim: KubeObject, evidence: Evidence, world: World, base: Base): Finding[] {
  const name: string | undefined = claim.spec?.storageClassName;
  const classes = world.list('StorageClass');
  const event = eventsOf(claim, evidence.events).filter((e) => e.type === 'Warning').at(-1);
  const told = event ? [cut(`${event.reason}: ${event.message}`)] : [];
  const waiting = { ...base, evidence: [`status.phase is Pending, storageClassName ${name ?? '(default)'}`, ...told], confidence: 0.93 };
  if (isUnknownClass(name, classes, event?.message)) return [withUnknownClass(claim, waiting, name, classes)];
  // a claim that waits for its first consumer is in good order
  if (!event) return [];
  return [{ ...waiting, cause: 'volume.provisioning', summary: `${nameOf(claim)} cannot be provisioned`, edit: `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}` }];
}

const isUnknownClass = (name: string | undefined, classes: KubeObject[], message = ''): boolean =>
  /storageclass[^"]*"[^"]*" not found/i.test(message) || (classes.length > 0 && !!name && !classes.some((c) => c.metadata.name === name));

function withUnknownClass(claim: KubeObject, waiting: Base & Pick<Finding, 'evidence' | 'confidence'>, name: string | undefined, classes: KubeObject[]): Finding {
  const known = classes.map((c) => c.metadata.name).join(', ');
  return {
    ...waiting,
    cause: 'volume.unknown_class',
    summary: `${nameOf(claim)} waits for the storage class ${name}, which does not exist`,
    evidence: [...waiting.evidence, ...(known ? [`known classes: ${cut(known, 120)}`] : [])],
    edit: `kubectl get storageclass   # the class of a claim cannot be edited: create ${name}, or delete and re-create the claim with ${classes[0]?.metadata.name ?? 'a known class'}`,
  };
}

const capacityOf = (claim: KubeObject): string => claim.status?.capacity?.storage ?? '?';
const requestOf = (claim: KubeObject): string => claim.spec?.resources?.requests?.storage ?? '?';

function full(claim: KubeObject, alert: string, world: World, base: Base): Finding {
  const className: string = claim.spec?.storageClassName ?? '(none)';
  const size = requestOf(claim);
  const canGrow = world.get('StorageClass', undefined, className)?.allowVolumeExpansion === true;
  const found = {
    cause: canGrow ? 'volume.full' : 'volume.full_fixed_size',
    summary: `${nameOf(claim)} (${size}) is filling up; its class ${className} ${canGrow ? 'can' : 'cannot'} expand it`,
    evidence: [`alert ${cut(alert, 80)}`, `requested ${size}, capacity ${capacityOf(claim)}`, `allowVolumeExpansion ${canGrow}`],
    confidence: 0.9,
  };
  if (!canGrow) return { ...base, ...found, edit: `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}   # free space, or move to a larger volume` };
  const next = nextSize(size);
  return {
    analyzer: base.analyzer,
    target: base.target,
    ...found,
    proposals: [expandClaim(claim, next, 0.9, `${size} fills up, and its class can expand it`)],
    edit: `kubectl patch pvc ${claim.metadata.name} -n ${claim.metadata.namespace} --type=merge -p '{"spec":{"resources":{"requests":{"storage":"${next}"}}}}'`,
  };
}

/** Half as much again in whole Gi; small ones, where that would be more than twice, in Mi. */
function nextSize(size: string): string {
  const bytes = bytesOf(size) * 1.5;
  const gi = Math.ceil(bytes / GI);
  return gi * GI <= bytesOf(size) * 2 ? `${gi}Gi` : `${Math.ceil((bytes * 1024) / GI)}Mi`;
}
