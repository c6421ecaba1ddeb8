import type { Labels } from './rule.js';

const offset = 14695981039346656037n;
const prime = 1099511628211n;
const mask = (1n << 64n) - 1n;
const separator = 255;

/** AlertManager's fingerprint of a label set: FNV-1a (64 bit) over sorted names and values, 16 hex digits. */
export function fingerprintOf(labels: Labels): string {
  let hash = offset;
  const add = (byte: number): void => {
    hash = ((hash ^ BigInt(byte)) * prime) & mask;
  };
  for (const name of Object.keys(labels).sort()) {
    for (const text of [name, labels[name] ?? '']) {
      for (const byte of Buffer.from(text, 'utf8')) add(byte);
      add(separator);
    }
  }
  return hash.toString(16).padStart(16, '0');
}
