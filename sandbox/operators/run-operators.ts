import { Watch } from '@kubernetes/client-node';
import { startInformer, type Running, type Store, type Stored } from '../simulator/cluster-cache.js';
import { tolerating, type KubeClient } from '../simulator/kube-client.js';
import { taskPool } from '../simulator/task-pool.js';
import type { ClusterView } from '../simulator/world.js';
import type { Hands, Operator, OperatorObject, Watched } from './define.js';

export interface OperatorsOptions {
  client: KubeClient;
  world: ClusterView;
  operators: readonly Operator[];
  onError(error: unknown): void;
}

const keyOf = ({ apiVersion, plural }: Watched): string => `${apiVersion}/${plural}`;

function pathOf({ apiVersion, plural }: Watched, namespace?: string, name?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${namespace ? `/namespaces/${namespace}` : ''}/${plural}${name ? `/${name}` : ''}`;
}

/** Runs one object's reactions one after another; what changed meanwhile is looked at once more, in its newest form. */
function inTurn(onError: (error: unknown) => void) {
  const pool = taskPool(8, onError);
  const waiting = new Map<string, () => Promise<void>>();
  const busy = new Set<string>();
  const next = (key: string): void => {
    const work = waiting.get(key);
    if (!work || busy.has(key)) return;
    waiting.delete(key);
    busy.add(key);
    pool.run(async () => {
      try {
        await work();
      } finally {
        busy.delete(key);
        next(key);
      }
    });
  };
  return (key: string, work: () => Promise<void>): void => {
    waiting.set(key, work);
    next(key);
  };
}

/** Starts every operator on watches of its own, each collection watched once. Resolves when all were listed. */
export async function runOperators({ client, world, operators, onError }: OperatorsOptions): Promise<{ stop(): Promise<void> }> {
  const stores = new Map<string, Store>();
  const running: Running[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const watch = new Watch(client.config);
  const queue = inTurn(onError);
  let isStopped = false;

  const hands: Hands = {
    client,
    world,
    pathOf,
    list(what, namespace) {
      const store = stores.get(keyOf(what)) ?? new Map<string, Map<string, Stored>>();
      const found = namespace === undefined ? [...store.values()] : [store.get(namespace) ?? new Map<string, Stored>()];
      return found.flatMap((objects) => [...objects.values()] as OperatorObject[]);
    },
    get: (what, namespace, name) => stores.get(keyOf(what))?.get(namespace ?? '')?.get(name) as OperatorObject | undefined,
    async setStatus(what, { metadata }, status) {
      await tolerating([404, 409], client.request('merge', `${pathOf(what, metadata.namespace, metadata.name)}/status`, { status }));
    },
    after(ms, work) {
      if (isStopped) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        work().catch(onError);
      }, ms);
      timers.add(timer);
    },
    now: () => new Date().toISOString(),
  };

  const tellOf = (what: Watched) => {
    const readers = operators.filter((o) => o.watches.some((w) => keyOf(w) === keyOf(what)));
    return (change: string, object: Stored): void => {
      if (change === 'delete' || isStopped) return;
      // items of a list carry neither; apart from that it is as the server sent it
      const whole = { ...object, apiVersion: what.apiVersion } as OperatorObject;
      for (const operator of readers) queue(`${operator.id}/${whole.metadata.uid}`, () => operator.react(whole, hands));
    };
  };
  const watched = new Map(operators.flatMap((o) => o.watches).map((w) => [keyOf(w), w]));
  for (const [key, what] of watched) {
    const store: Store = new Map();
    stores.set(key, store);
    running.push(startInformer(pathOf(what), { client, watch, store, isStopped: () => isStopped, tell: tellOf(what) }));
  }
  const defaults = operators.flatMap((o) => o.defaults ?? []);
  await Promise.all([...running.map((r) => r.listed), ...defaults.map(({ what, object }) => tolerating([409], client.request('POST', pathOf(what), object)))]);

  return {
    async stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(running.map(({ informer }) => informer.stop()));
    },
  };
}
