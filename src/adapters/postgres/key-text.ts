import { createHash } from 'node:crypto';
import { cleanText } from './clean-text.js';

const MAX_KEY_LENGTH = 256;

/** A b-tree entry holds 2704 bytes; a custom source may send any fingerprint, and a refused insert would lose its signal. */
export function keyText(text: string): string {
  const clean = cleanText(text);
  if (clean.length <= MAX_KEY_LENGTH) return clean;
  return `sha256:${createHash('sha256').update(clean).digest('hex')}`;
}
