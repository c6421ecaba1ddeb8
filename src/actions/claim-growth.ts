import { sizeWrittenAt } from '../domain/claim.js';
import { formatDuration } from '../domain/duration.js';
import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import { quantityOf } from '../domain/quantity.js';
import { isSameObject } from '../domain/target.js';
import type { ActionFacts } from './define.js';
import { durationLimit, textLimit } from './limits.js';
import { quotaShortage } from './quota.js';
import { nameOfClaim, operatorAbove, partsOfClaim, podsMounting, type ClaimParts } from './volume.js';
import { usageText, usedPercent } from './volume-usage.js';
import { refuse } from './workload.js';

const MAX_FACTOR = 2;
const FULL_PERCENT = 80;
const GROWING_FILE_SYSTEMS = ['ext3', 'ext4', 'xfs'];
/** Their volumes take one modification in six hours. */
const EBS = ['ebs.csi.aws.com', 'kubernetes.io/aws-ebs'];

const requestOf = (claim: KubeObject): string => claim.spec?.resources?.requests?.storage ?? '0';
const capacityOf = (claim: KubeObject): string => claim.status?.capacity?.storage ?? '0';

/** Bytes that the claim has, or was promised, whichever is more. */
const sizeOf = (claim: KubeObject): number => Math.max(quantityOf(requestOf(claim)), quantityOf(capacityOf(claim)));

/** Why this claim cannot grow at all; undefined when it can. */
export function whyFixed(claim: KubeObject, world: World): string | undefined {
  if (claim.metadata.deletionTimestamp) return 'it is being deleted';
  if (claim.status?.phase !== 'Bound') return `it is ${claim.status?.phase ?? 'not bound'}; bind it first`;
  return whyOfFixedSize(claim, world) ?? whyResizing(claim) ?? whyOwned(claim, world);
}

function whyOfFixedSize(claim: KubeObject, world: World): string | undefined {
  const { storageClass } = partsOfClaim(world, claim);
  return storageClass?.allowVolumeExpansion === true ? undefined : `its class ${claim.spec.storageClassName ?? '(none)'} does not allow expansion; free space, or move to a larger volume`;
}

function whyResizing(claim: KubeObject): string | undefined {
  const isOpen = ['Resizing', 'FileSystemResizePending'].some((type) => conditionOf(claim, type)?.status === 'True') || claim.status?.allocatedResourceStatuses?.storage !== undefined;
  const isShort = quantityOf(requestOf(claim)) > quantityOf(capacityOf(claim));
  return isOpen || isShort ? `a resize to ${requestOf(claim)} is under way (capacity ${capacityOf(claim)}); wait for it` : undefined;
}

/** An operator that made the claim, or its pods, sets the size in a resource of its own. */
function whyOwned(claim: KubeObject, world: World): string | undefined {
  const owner = [claim, ...podsMounting(world, claim)].map((o) => operatorAbove(world, o)).find((o) => o !== undefined);
  return owner === undefined ? undefined : `it belongs to ${owner}; change the size there instead`;
}

/** Everything row 2.13 asks of one growth to `size`. */
export function checkGrowth(claim: KubeObject, size: string, facts: ActionFacts): void {
  const at = nameOfClaim(claim);
  const [now, wanted] = [sizeOf(claim), quantityOf(size)];
  if (wanted <= now) refuse('InvalidParams', `${at} has ${requestOf(claim)} already; a claim only grows, choose more`);
  if (wanted > now * MAX_FACTOR) refuse('InvalidParams', `${at}: ${size} is more than twice of ${requestOf(claim)}; choose at most twice`);
  const cap = textLimit(facts.limits, 'maxSize') ?? '1Ti';
  if (!(wanted <= quantityOf(cap))) refuse('InvalidParams', `${at}: ${size} is over the cap of ${cap} (policy limit maxSize); choose less`);
  checkFileSystem(claim, facts.world);
  checkQuota(claim, wanted - quantityOf(requestOf(claim)), facts.world);
  checkLastGrowth(claim, facts);
  checkUsage(claim, facts);
}

function checkFileSystem(claim: KubeObject, world: World): void {
  const type = claim.spec?.volumeMode === 'Block' ? undefined : fileSystemOf(partsOfClaim(world, claim));
  if (type && !GROWING_FILE_SYSTEMS.includes(type)) refuse('Unsupported', `${nameOfClaim(claim)} holds ${type}; only ${GROWING_FILE_SYSTEMS.join(', ')} grow in place, move it to a larger volume`);
}

/** Undefined is the driver's default, ext4. */
function fileSystemOf({ volume, storageClass }: ClaimParts): string | undefined {
  const { 'csi.storage.k8s.io/fstype': modern, fsType } = (storageClass?.parameters ?? {}) as Record<string, string | undefined>;
  return (volume?.spec?.csi?.fsType as string | undefined) ?? modern ?? fsType;
}

function checkQuota(claim: KubeObject, more: number, world: World): void {
  const ofClass = `${claim.spec?.storageClassName}.storageclass.storage.k8s.io/requests.storage` as const;
  const short = quotaShortage(world, claim.metadata.namespace ?? '', { 'requests.storage': more, [ofClass]: more });
  if (short) refuse('QuotaExceeded', `${nameOfClaim(claim)}: ${short}; raise it or choose less`);
}

/** A provider takes its time between two changes; and what fills up again at once is not helped by more room. */
function checkLastGrowth(claim: KubeObject, facts: ActionFacts): void {
  const last = lastGrowthOf(claim, facts);
  if (last === undefined) return;
  const at = nameOfClaim(claim);
  const age = Date.parse(facts.now) - last;
  const cooldown = durationLimit(facts.limits, 'cooldown', EBS.includes(partsOfClaim(facts.world, claim).driver ?? '') ? '6h' : '0s');
  if (age < cooldown) refuse('PreconditionChanged', `${at} was resized ${formatDuration(age)} ago and its provider takes one change in ${formatDuration(cooldown)}; wait, or free space`);
  const refill = durationLimit(facts.limits, 'refillWindow', '24h');
  if (age < refill) refuse('PreconditionChanged', `${at} was resized ${formatDuration(age)} ago and fills up again; find what writes so much and clean that up instead`);
}

/** The last time anybody resized it, milliseconds: by our own history, or by who wrote the size after the claim was made. */
export function lastGrowthOf(claim: KubeObject, { evidence }: Pick<ActionFacts, 'evidence'>): number | undefined {
  const ours = evidence.history.filter((h) => h.action === 'expand_pvc' && isSameObject(h.target, { kind: claim.kind, namespace: claim.metadata.namespace, name: claim.metadata.name })).map((h) => Date.parse(h.at));
  const written = sizeWrittenAt(claim);
  const all = [...ours, ...(written === undefined ? [] : [written])];
  return all.length === 0 ? undefined : Math.max(...all);
}

function checkUsage(claim: KubeObject, facts: ActionFacts): void {
  const used = usedPercent(claim, facts);
  if (used === undefined || used < FULL_PERCENT) {
    refuse('PreconditionChanged', `${nameOfClaim(claim)}: ${usageText(claim, used)}, and below ${FULL_PERCENT} % more room would not help; wait for its alert (KubePersistentVolumeFillingUp)`);
  }
}

/** A StatefulSet's template keeps the old size: its next replica gets a small volume again. */
export function templateDrift({ metadata }: KubeObject, world: World): string | undefined {
  for (const set of world.list('StatefulSet', metadata.namespace)) {
    const templates: { metadata?: { name?: string }; spec?: { resources?: { requests?: { storage?: string } } } }[] = set.spec?.volumeClaimTemplates ?? [];
    const mine = templates.find((t) => isOrdinal(metadata.name, `${t.metadata?.name}-${set.metadata.name}-`));
    if (mine) return `the template of statefulset ${set.metadata.name} keeps ${mine.spec?.resources?.requests?.storage ?? 'its size'} for new replicas`;
  }
  return undefined;
}

const isOrdinal = (name: string, prefix: string): boolean => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
