import { isKubernautError } from '../../domain/errors.js';
import type { Store } from '../../domain/ports.js';

/**
 * What an earlier attempt of the same call kept before its worker died: an answer that was paid for is not paid for twice.
 * Throws StoreUnavailable.
 */
export async function keptUnder<T>(store: Pick<Store, 'getArtifact'>, key: string): Promise<T | undefined> {
  try {
    return ((await store.getArtifact(key)) as T | null | undefined) ?? undefined;
  } catch (error) {
    if (isKubernautError(error, 'NotFound')) return undefined;
    throw error;
  }
}
