import { KubernautError } from '../../src/domain/errors.js';
import type { Store } from '../../src/domain/ports.js';
import { hashOf } from '../../src/domain/sha256.js';

/** Artifacts in memory, as the store keeps them: as JSON, by the hash of their content or under a key. */
export function artifactStore() {
  const texts = new Map<string, string>();
  return {
    texts,
    kept: (ref: string): any => JSON.parse(texts.get(ref) ?? 'null'),
    getArtifact: (async (ref) => {
      const text = texts.get(ref);
      if (text === undefined) throw new KubernautError('NotFound', `there is no artifact ${ref}`);
      return JSON.parse(text) as unknown;
    }) as Store['getArtifact'],
    putArtifact: (async (_kind, content, key) => {
      const ref = key ?? `sha256:${hashOf(content)}`;
      texts.set(ref, JSON.stringify(content));
      return ref;
    }) as Store['putArtifact'],
  };
}
