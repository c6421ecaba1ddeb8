import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { Store } from '../../src/domain/ports.js';
import { eachDatabase } from '../support/databases.js';
import { apiTarget, remediationFor, stepFor } from '../support/remediations.js';

const NOW = '2025-01-31T09:00:00.000Z';

describe.each(eachDatabase())('disruptive actions counted on $name', ({ open }) => {
  let database: Database;
  let store: Store;
  beforeAll(async () => {
    database = await open();
    store = createStore(database, { now: () => NOW });
  }, 120_000);
  beforeEach(() => database.pool.query('truncate remediations, steps, assessments'));
  afterAll(() => database?.close(), 60_000);

  const keep = (id: string, step: object, more: object = {}) => store.saveRemediation(remediationFor(id, { phase: 'verifying', plan: { hash: 'h', steps: [stepFor(0, { tier: 2, status: 'applied', started_at: '2025-01-31T08:30:00.000Z', ...step })] }, ...more }));
  const counted = async () => Object.values(await store.countDisruptions(apiTarget, 'r-own', NOW));

  it.each<[string, object, object, number[]]>([
    ['on the object within the hour', {}, {}, [1, 1, 1]],
    ['on the object two hours ago', { started_at: '2025-01-31T07:00:00.000Z' }, {}, [0, 1, 1]],
    ['on the object yesterday', { started_at: '2025-01-30T08:00:00.000Z' }, {}, [0, 0, 0]],
    ['on another object there', { target: { ...apiTarget, name: 'web' } }, {}, [1, 1, 0]],
    ['in another namespace', { target: { ...apiTarget, namespace: 'pay' } }, {}, [0, 1, 0]],
    ['on a node', { target: { ...apiTarget, kind: 'Node', namespace: undefined } }, {}, [0, 1, 0]],
    ['on another cluster', { target: { ...apiTarget, cluster: 'test' } }, {}, [0, 0, 0]],
    ['that disturbs nobody (tier 1)', { tier: 1 }, {}, [0, 0, 0]],
    ['that was undone', { status: 'undone' }, {}, [1, 1, 1]],
    ['that was skipped', { status: 'skipped' }, {}, [0, 0, 0]],
    ['of a dry run', {}, { phase: 'closed', outcome: 'observed' }, [0, 0, 0]],
    ['of another that is about to begin', { status: 'planned', started_at: undefined }, { phase: 'executing' }, [1, 1, 1]],
    ['of another that waits for a person', { status: 'planned', started_at: undefined }, { phase: 'awaiting_approval' }, [0, 0, 0]],
  ])('one %s', async (_what, step, more, expected) => {
    await keep('r-other', step, more);
    expect(await counted()).toEqual(expected);
  });

  it('does not count what it is about to begin itself, and counts what it did before', async () => {
    await keep('r-own', { status: 'planned', started_at: undefined }, { phase: 'executing' });
    expect(await counted()).toEqual([0, 0, 0]);
    await keep('r-own', {}, { revision: 2 });
    expect(await counted()).toEqual([1, 1, 1]);
  });
});
