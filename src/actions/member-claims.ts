import type { KubeObject, World } from '../domain/kube.js';
import { bytesOf } from '../domain/quantity.js';
import { quotaShortage, type Extra } from './quota.js';
import { nameOf } from './scaling.js';
import { refuse } from './workload.js';

interface ClaimTemplate {
  metadata: { name: string };
  spec: { storageClassName?: string; accessModes?: string[]; resources?: { requests?: { storage?: string } } };
}

const templatesOf = (set: KubeObject): ClaimTemplate[] => set.spec.volumeClaimTemplates ?? [];
const sizeOf = (t: ClaimTemplate): number => bytesOf(t.spec.resources?.requests?.storage);

/** `data-db-2`: as the controller names the claims of one ordinal. */
export const claimsOf = (set: KubeObject, ordinal: number): string[] => templatesOf(set).map((t) => `${t.metadata.name}-${set.metadata.name}-${ordinal}`);

/** The controller deletes the claims of removed ordinals (`Retain` is the default). */
export const deletesClaims = (set: KubeObject): boolean =>
  templatesOf(set).length > 0 && set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete';

/** Claims that would be made anew: one left behind by an earlier scale-down is taken up again. */
const missingOf = (world: World, set: KubeObject, ordinal: number): ClaimTemplate[] =>
  templatesOf(set).filter((t) => !world.get('PersistentVolumeClaim', set.metadata.namespace, `${t.metadata.name}-${set.metadata.name}-${ordinal}`));

/** Storage for one more member: class, quota and limit range allow each claim that does not exist yet. */
export function checkNewClaims(world: World, set: KubeObject, ordinal: number): void {
  const missing = missingOf(world, set, ordinal);
  for (const template of missing) {
    checkProvisioning(world, set, template);
    checkLimitRange(world, set, template);
  }
  const short = missing.length > 0 ? quotaShortage(world, set.metadata.namespace!, neededBy(world, missing)) : undefined;
  if (short) refuse('QuotaExceeded', `${nameOf(set)}: the claims of one more member do not fit, ${short}; raise the quota`);
}

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

const classNameOf = (world: World, t: ClaimTemplate): string | undefined =>
  t.spec.storageClassName ?? world.list('StorageClass').find((c) => c.metadata.annotations?.[DEFAULT_CLASS] === 'true')?.metadata.name;

function checkProvisioning(world: World, set: KubeObject, template: ClaimTemplate): void {
  const at = `${nameOf(set)}: claim template ${template.metadata.name}`;
  const name = classNameOf(world, template);
  if (name === undefined) return refuse('PreconditionChanged', `${at} names no storage class and the cluster has no default one; the new pod would stay Pending`);
  const found = name === '' ? undefined : world.get('StorageClass', undefined, name);
  if (name !== '' && !found) refuse('PreconditionChanged', `${at}: storage class ${name} does not exist; the new pod would stay Pending`);
  const isByHand = !found || found.provisioner === 'kubernetes.io/no-provisioner';
  if (isByHand && !hasFreeVolume(world, name, template)) {
    refuse('PreconditionChanged', `${at}: nothing provisions volumes of class ${JSON.stringify(name)} and none that fits is Available; make one first`);
  }
}

const hasFreeVolume = (world: World, className: string, template: ClaimTemplate): boolean =>
  world.list('PersistentVolume').some(
    ({ spec, status }) =>
      status?.phase === 'Available' &&
      (spec.storageClassName ?? '') === className &&
      bytesOf(spec.capacity?.storage) >= sizeOf(template) &&
      (template.spec.accessModes ?? []).every((mode) => (spec.accessModes ?? []).includes(mode)),
  );

function checkLimitRange(world: World, set: KubeObject, template: ClaimTemplate): void {
  const limits = world.list('LimitRange', set.metadata.namespace).flatMap((l) => (l.spec?.limits ?? []) as { type: string; max?: { storage?: string } }[]);
  const over = limits.find((l) => l.type === 'PersistentVolumeClaim' && l.max?.storage !== undefined && sizeOf(template) > bytesOf(l.max.storage));
  if (over) refuse('QuotaExceeded', `${nameOf(set)}: a LimitRange allows claims of at most ${over.max!.storage}, ${template.metadata.name} asks for more; raise it`);
}

function neededBy(world: World, templates: readonly ClaimTemplate[]): Extra {
  const extra: Extra = { persistentvolumeclaims: templates.length, 'requests.storage': templates.map(sizeOf).reduce((a, b) => a + b, 0) };
  for (const template of templates) {
    const name = classNameOf(world, template);
    if (!name) continue;
    const [size, count] = [`${name}.storageclass.storage.k8s.io/requests.storage`, `${name}.storageclass.storage.k8s.io/persistentvolumeclaims`] as const;
    extra[size] = (extra[size] ?? 0) + sizeOf(template);
    extra[count] = (extra[count] ?? 0) + 1;
  }
  return extra;
}
