import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore } from '../../test/support/gateway.js';
import { memoryCluster } from '../../test/support/memory-cluster.js';
import { nodeOf } from '../../test/support/objects.js';
import { createLogger } from '../adapters/telemetry/logger.js';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import { createStormWatch, type StormWatchDeps } from './storm-watch.js';

const LIMITS = { remediationsPerMinute: 100, nodesNotReady: 20, cooldown: '0s' };
const nodes = (isReady: boolean) => ['a', 'b', 'c'].map((name) => nodeOf(name, { isReady }));

function watching(more: Partial<StormWatchDeps> = {}) {
  const { state, store } = memoryStore();
  const cluster = memoryCluster(nodes(false));
  const metrics = createMetrics({ withProcess: false });
  let reads = 0;
  const counted = { ...store, readStorm: (name: string) => ((reads += 1), store.readStorm(name)) };
  const watch = createStormWatch({ store: counted, cluster, limits: () => LIMITS, metrics, logger: createLogger({ level: 'silent', format: 'json' }), ...more });
  const gauge = async () => (await metrics.registry.getSingleMetric('kubernaut_storm_mode')!.get()).values;
  return { state, store, cluster, watch, gauge, reads: () => reads };
}

const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await sleep(5);
};

describe('the watch over storm mode', () => {
  it('asks the store once, however many remediations ask it', async () => {
    const { watch, reads } = watching();
    const seen = await Promise.all(Array.from({ length: 50 }, () => watch.current()));
    expect([reads(), new Set(seen).size, watch.last()]).toEqual([1, 1, seen[0]]);
  });

  it('asks again when the answer is no longer fresh', async () => {
    const { watch, reads } = watching({ freshMs: 0 });
    await watch.current();
    await watch.current();
    expect(reads()).toBe(2);
  });

  it('shows it as a metric, by cluster', async () => {
    const { watch, gauge, cluster } = watching({ freshMs: 0 });
    await watch.current();
    expect(await gauge()).toEqual([{ labels: { cluster: 'test' }, value: 1 }]);
    cluster.set(nodes(true));
    await watch.current();
    expect(await gauge()).toEqual([{ labels: { cluster: 'test' }, value: 0 }]);
  });

  it('looks by itself, so that a storm ends although nobody asks', async () => {
    const { watch, cluster, state } = watching({ freshMs: 0, everyMs: 5 });
    watch.start();
    await until(() => watch.last() !== undefined);
    cluster.set(nodes(true));
    await until(() => watch.last() === undefined);
    await watch.stop();
    expect(state.audit.map((a) => a.verb)).toEqual(['storm_entered', 'storm_left']);
  });

  it('goes on when the store is back, and a failure is nobody\'s answer for longer than it lasts', async () => {
    const { watch, state } = watching({ everyMs: 5 });
    state.isDown = true;
    watch.start();
    await expect(watch.current()).rejects.toMatchObject({ code: 'StoreUnavailable' });
    state.isDown = false;
    await until(() => watch.last() !== undefined);
    await watch.stop();
  });

  it('stops asking when it is stopped', async () => {
    const { watch, reads } = watching({ freshMs: 0, everyMs: 1 });
    watch.start();
    await until(() => reads() > 2);
    await watch.stop();
    const before = reads();
    await sleep(20);
    expect(reads()).toBe(before);
  });

  it('says what follows from its reading when others are always first', async () => {
    const { watch, state } = watching({ store: { readStorm: () => Promise.resolve({ at: new Date().toISOString(), version: '7', remediations: 0 }), keepStorm: () => Promise.resolve(false) } });
    expect(await watch.current()).toMatchObject({ why: '3 of 3 nodes are NotReady, more than 20 %' });
    expect(state.audit).toEqual([]);
  });
});
