import type { KubeObject } from './kube.js';

const FULL = /(persistent)?volume.*(fill|full|space|usage)|disk.*full|pvc.*(fill|full)/i;
const MINUTE_MS = 60_000;

/** An alert about the bytes of a volume; inodes are another shortage. */
export const isAboutFullVolume = (alert: string): boolean => FULL.test(alert) && !isAboutInodes(alert);

export const isAboutInodes = (alert: string): boolean => /volume.*inode/i.test(alert);

interface OwnedSize {
  'f:spec'?: { 'f:resources'?: { 'f:requests'?: { 'f:storage'?: object } } };
}

/** When somebody last wrote the size that a claim asks for, after it was made; milliseconds. From the field owners. */
export function sizeWrittenAt({ metadata }: KubeObject): number | undefined {
  const made = Date.parse(metadata.creationTimestamp ?? '');
  const times = (metadata.managedFields ?? [])
    .filter((m) => (m.fieldsV1 as OwnedSize | undefined)?.['f:spec']?.['f:resources']?.['f:requests']?.['f:storage'] !== undefined)
    .map((m) => Date.parse(m.time ?? ''))
    .filter((time) => time > made + MINUTE_MS);
  return times.length === 0 ? undefined : Math.max(...times);
}
