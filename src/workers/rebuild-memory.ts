import type { Embedder, Store, VectorIndex } from '../domain/ports.js';
import { indexDue } from '../activities/learn.js';

const AT_ONCE = 50;

/**
 * Empties the index and fills it again from the facts in our database: after it was lost, or with another embedder or backend.
 * Broken off, it goes on with the next call, and with what is learned meanwhile. Returns how many. Throws what the parts throw.
 */
export async function rebuildMemory(
  deps: { store: Pick<Store, 'incidentsDue' | 'markIndexed' | 'forgetIndexed'>; embedder: Embedder; vectors: Pick<VectorIndex, 'name' | 'put' | 'clear'> },
  onProgress: (done: number) => void = () => undefined,
): Promise<number> {
  await deps.vectors.clear();
  await deps.store.forgetIndexed();
  let done = 0;
  for (let count = await indexDue(deps, AT_ONCE); count > 0; count = await indexDue(deps, AT_ONCE)) onProgress((done += count));
  return done;
}
