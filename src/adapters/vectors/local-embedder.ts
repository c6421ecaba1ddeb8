import type { Embedder } from '../../domain/ports.js';

/** Of the embedder made here; migration 012 has an hnsw index for this size. */
export const LOCAL_DIMENSIONS = 384;
const TOKEN_WEIGHT = 1;
/** Trigrams let `CrashLoop` and `CrashLooping` meet; there are several per token, so each counts less. */
const TRIGRAM_WEIGHT = 0.3;

/**
 * A deterministic embedding without a model: words and character trigrams hashed to signed buckets, unit length.
 * It is lexical, not semantic: texts that share words and spellings are near, "out of memory" and "OOMKilled" are not.
 */
export function localEmbedder(): Embedder {
  return { id: 'local-hash-384', dimensions: LOCAL_DIMENSIONS, embed: async (text) => embedText(text) };
}

function embedText(text: string): number[] {
  const vector = new Array<number>(LOCAL_DIMENSIONS).fill(0);
  for (const [feature, count] of countFeatures(tokensOf(text))) {
    const hash = fnv1a(feature);
    const weight = feature.startsWith('#') ? TRIGRAM_WEIGHT : TOKEN_WEIGHT;
    // A logarithm, so that a line repeated in a log does not drown the rest.
    vector[hash % LOCAL_DIMENSIONS]! += (hash & 0x80000000 ? -1 : 1) * weight * (1 + Math.log(count));
  }
  return toUnitLength(vector);
}

/** `KubePodCrashLooping api-7d9f8b6c5-x2x9k 137` → kube pod crash looping api: names of replicas, hashes and numbers say nothing about the kind of trouble. */
function tokensOf(text: string): string[] {
  const words = text.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => word.length > 1 && !/\d/.test(word));
}

function countFeatures(tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (feature: string) => counts.set(feature, (counts.get(feature) ?? 0) + 1);
  for (const token of tokens) {
    add(token);
    const padded = ` ${token} `;
    for (let i = 0; i + 3 <= padded.length; i++) add(`#${padded.slice(i, i + 3)}`);
  }
  return counts;
}

/** 32 bits, then mixed (murmur3's finalizer): FNV's low bits alone fill the buckets unevenly. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Without any feature (an empty text) one fixed direction: a zero vector has no cosine. */
function toUnitLength(vector: number[]): number[] {
  const length = Math.hypot(...vector);
  if (length === 0) return vector.map((_, i) => (i === 0 ? 1 : 0));
  return vector.map((value) => value / length);
}
