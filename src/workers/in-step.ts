import { KubernautError } from '../domain/errors.js';
import type { Cluster } from '../domain/ports.js';

/**
 * A cache that lost its API server shows the world as it was: nothing may be decided on that, and nothing proved by it.
 * Throws K8sUnavailable, which is waited for; an assessment that stays without an answer is `inconclusive`.
 */
export function inStep<I extends { target: { cluster: string } }, Rest extends unknown[], O>(
  cluster: (name: string) => Pick<Cluster, 'isHealthy'>,
  read: (input: I, ...rest: Rest) => Promise<O>,
): (input: I, ...rest: Rest) => Promise<O> {
  return async (input, ...rest) => {
    const { cluster: name } = input.target;
    if (!cluster(name).isHealthy()) throw new KubernautError('K8sUnavailable', `cluster ${name} does not answer, so what is known of it is outdated`);
    return read(input, ...rest);
  };
}
