import { setTimeout as sleep } from 'node:timers/promises';
import { KubeRequestError, type KubeClient } from '../simulator/kube-client.js';

const TRIES = 4;
const WAIT_MS = 250;

/** 0 = the connection was lost: a server may close a kept-alive one at the very moment it is used again. */
const canPass = (error: unknown): boolean => error instanceof KubeRequestError && [0, 429, 502, 503, 504].includes(error.status);

/**
 * The same client, but patient with whatever may be asked twice. A POST may not: its caller looks whether the object
 * is there.
 */
export const steadyClientOf = (client: KubeClient): KubeClient => ({
  ...client,
  async request<T>(verb: Parameters<KubeClient['request']>[0], path: string, body?: unknown): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await client.request<T>(verb, path, body);
      } catch (error) {
        if (verb === 'POST' || tries >= TRIES || !canPass(error)) throw error;
        await sleep(WAIT_MS * tries);
      }
    }
  },
});
