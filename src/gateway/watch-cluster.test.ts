import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { gatewayDeps, memoryStore, memoryTemporal, talkTo } from '../../test/support/gateway.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { createFilters, type Filters } from './filters.js';
import { createIntake, type Intake } from './intake.js';
import { watchCluster } from './watch-cluster.js';

const start = Date.parse('2030-01-01T12:00:00.000Z');
let nowMs = start;
const now = (): string => new Date(nowMs).toISOString();
const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
const failedJob = (name: string, more: { namespace?: string; since?: string } = {}): KubeObject => ({
  apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: more.namespace ?? 'shop', uid: name, creationTimestamp: at(-60) },
  status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', lastTransitionTime: more.since ?? at(-5) }] },
});

let memory: ReturnType<typeof memoryStore>;
let engine: ReturnType<typeof memoryTemporal>;
let intake: Intake;
let filters: Filters | undefined;
let objects: KubeObject[];
let isInStep: boolean;
const intakes: Intake[] = [];
const rows = () => [...memory.state.signals.values()].map((r) => `${r.signal.status} ${r.signal.hints[0]!.name} ${r.signal.startsAt.slice(11, 16)} ${r.outcome}`);

/** A process of its own over the same store. */
function replica(namespaces: string[] = []) {
  const deps = gatewayDeps({ ...memory, ...engine, now, ...(filters ? { filters } : {}) });
  intake = createIntake(deps, filters ?? createFilters());
  intakes.push(intake);
  return watchCluster({ cluster: 'prod', world: () => worldOf(objects), isInStep: () => isInStep, namespaces }, { store: memory.store, intake, logger: deps.logger, now, everyMs: 10 });
}

beforeEach(() => {
  nowMs = start;
  memory = memoryStore();
  engine = memoryTemporal();
  filters = undefined;
  objects = [failedJob('reindex')];
  isInStep = true;
});
afterEach(() => intakes.splice(0).forEach((i) => i.close()));

describe('what is wrong in a cluster', () => {
  it('is said once, and its end once', async () => {
    const watch = replica();
    await watch.look();
    await watch.look();
    expect(rows()).toEqual(['firing reindex 11:55 started']);
    nowMs += 60_000;
    objects = [];
    engine.state.calls = 0;
    await watch.look();
    await watch.look();
    expect([rows(), engine.state.calls]).toEqual([['firing reindex 11:55 started', 'resolved reindex 11:55 resolved'], 1]);
    expect([...memory.state.signals.values()][1]!.signal.endsAt).toBe(now());
  });

  it('is not said again after a restart, and what ended meanwhile is said then', async () => {
    await replica().look();
    engine.state.calls = 0;
    await replica().look();
    expect(engine.state.calls).toBe(0);
    objects = [];
    await replica().look();
    expect(rows()).toEqual(['firing reindex 11:55 started', 'resolved reindex 11:55 resolved']);
  });

  it('is said once by two replicas, also when they look at the same moment', async () => {
    const [one, two] = [replica(), replica()];
    await Promise.all([one.look(), two.look()]);
    objects = [];
    nowMs += 31_000;
    await Promise.all([one.look(), two.look()]);
    expect(rows()).toEqual([expect.stringMatching(/^firing reindex 11:55 (started|joined)$/), 'resolved reindex 11:55 resolved']);
    expect([...engine.state.open.values()]).toHaveLength(1);
  });

  it('keeps the start it was first reported with', async () => {
    const watch = replica();
    await watch.look();
    objects = [failedJob('reindex', { since: at(-1) })];
    nowMs += 10 * 60_000;
    await watch.look();
    objects = [];
    await watch.look();
    expect(rows()).toEqual(['firing reindex 11:55 started', 'resolved reindex 11:55 resolved']);
  });

  it('is another occurrence when it is back with the same start, from the end of the last', async () => {
    const watch = replica();
    await watch.look();
    objects = [];
    nowMs = start + 60_000;
    await watch.look();
    objects = [failedJob('reindex')];
    nowMs = start + 120_000;
    await watch.look();
    expect(rows()).toEqual(['firing reindex 11:55 started', 'resolved reindex 11:55 resolved', 'firing reindex 12:01 joined']);
  });

  it('waits in the inbox while it cannot be handed over', async () => {
    const watch = replica();
    engine.state.isDown = true;
    await expect(watch.look()).rejects.toThrow('Temporal is out of reach');
    engine.state.isDown = false;
    await watch.look();
    expect(rows()).toEqual(['firing reindex 11:55 received']);
    expect(await intake.again(await memory.store.claimWaiting({ olderThanMs: 0, limit: 10 }))).toBe(1);
    expect(rows()).toEqual(['firing reindex 11:55 started']);
  });

  it('is neither said nor taken for gone while the watches are behind', async () => {
    const watch = replica();
    await watch.look();
    isInStep = false;
    objects = [failedJob('other')];
    await watch.look();
    expect(rows()).toEqual(['firing reindex 11:55 started']);
  });

  it('is left alone in namespaces that are not served', async () => {
    objects = [failedJob('ours'), failedJob('theirs', { namespace: 'bank' })];
    await replica(['shop']).look();
    expect(rows()).toEqual(['firing ours 11:55 started']);
  });

  it('goes through the filters, and is said again while they hold it', async () => {
    let isQuiet = true;
    const rule = { name: 'quiet', origin: 'file' as const, when: { source: 'true', evaluate: () => ({ value: isQuiet }) }, drop: { reason: 'not now' } };
    filters = createFilters({ current: () => ({ rules: [rule] }), issue: () => undefined });
    const watch = replica();
    await watch.look();
    expect(rows()).toEqual(['firing reindex 11:55 suppressed']);
    isQuiet = false;
    nowMs += 6 * 60_000;
    await watch.look();
    expect(rows()).toEqual(['firing reindex 11:55 started']);
  });

  it('is looked at again and again until it is stopped', async () => {
    const watch = replica();
    watch.start();
    while (memory.state.signals.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await watch.stop();
    objects = [];
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(rows()).toEqual(['firing reindex 11:55 started']);
  });
});

describe('a gateway', () => {
  it.each([[true, 1], [false, 0]])('with sources.kubernetes.watch %s reports %d', async (isWatching, count) => {
    const deps = gatewayDeps({ ...memory, ...engine, now, world: () => worldOf(objects) }, { 'sources.kubernetes.watch': isWatching });
    const { gateway } = await talkTo(deps);
    await new Promise((resolve) => setTimeout(resolve, 2300));
    await gateway.close();
    expect(memory.state.signals.size).toBe(count);
  });
});
