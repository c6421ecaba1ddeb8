import type { Pause, Policy, ScopePolicy } from '../domain/policy.js';
import type { Store } from '../domain/ports.js';

const PAUSES_FRESH_MS = 1_000;

type NamespacePolicy = ScopePolicy & { actions?: Policy['actions'] };

/** The policy in force: the file's, scenario overlays of a sandbox, and the kill switch from the store. */
export interface PolicySource {
  current(): Promise<Policy>;
  /** A changed file; a bad one never gets here. */
  replace(policy: Policy): void;
  /** Sandbox only: what holds for one namespace while a scenario runs. `undefined` lifts it. */
  overlay(namespace: string, policy: NamespacePolicy | undefined): void;
}

/** `inCluster`: the kill switch of the cluster itself, from the watch cache. */
export function createPolicySource(initial: Policy, store: Pick<Store, 'pauses'>, inCluster: () => Pause | undefined = () => undefined): PolicySource {
  let base = initial;
  const overlays = new Map<string, NamespacePolicy>();
  let pauses: { at: number; value: Promise<Policy['pauses']> } | undefined;
  // One query a second at the most, however many remediations ask: the kill switch still works within seconds.
  const freshPauses = (): Promise<Policy['pauses']> => {
    if (!pauses || Date.now() - pauses.at > PAUSES_FRESH_MS) {
      const value = store.pauses();
      pauses = { at: Date.now(), value };
      value.catch(() => (pauses = undefined));
    }
    return pauses.value;
  };
  return {
    async current() {
      const namespaces = { ...base.namespaces };
      for (const [name, over] of overlays) {
        namespaces[name] = { ...namespaces[name], ...over, actions: { ...namespaces[name]?.actions, ...over.actions } };
      }
      return { ...base, namespaces, pauses: [...base.pauses, ...list(inCluster()), ...(await freshPauses())] };
    },
    replace: (policy) => void (base = policy),
    overlay: (namespace, policy) => void (policy ? overlays.set(namespace, policy) : overlays.delete(namespace)),
  };
}

const list = <T>(one: T | undefined): T[] => (one === undefined ? [] : [one]);
