import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { Remediation, RemediationStep } from '../../src/contracts/remediation.js';
import type { Store } from '../../src/domain/ports.js';
import { eachDatabase } from '../support/databases.js';
import { apiTarget, remediationFor, stepFor } from '../support/remediations.js';

const DAY_MS = 86_400_000;
const now = '2026-03-31T00:00:00.000Z';
const daysAgo = (days: number): string => new Date(Date.parse(now) - days * DAY_MS).toISOString();

describe.each(eachDatabase())('what actions came to, on $name', ({ open }) => {
  let database: Database;
  let store: Store;
  let count = 0;

  beforeAll(async () => {
    database = await open();
    store = createStore(database);
  }, 120_000);
  beforeEach(() => database.pool.query('truncate remediations, steps, assessments').then(() => undefined));
  afterAll(() => database?.close(), 60_000);

  const asked = { cluster: 'prod', families: ['oom', 'crash'], actions: ['scale_deployment', 'restart_pod'], since: daysAgo(90), now, halfLifeMs: 30 * DAY_MS };

  const saved = (step: Partial<RemediationStep>, over: Partial<Remediation> = {}): Promise<void> =>
    store.saveRemediation(remediationFor(`r-${(count += 1)}`, {
      phase: 'closed', outcome: 'fixed', started_at: daysAgo(0), ...over,
      plan: { hash: 'h', steps: [stepFor(0, { cause: 'oom.limit_lowered', effect: 'effective', started_at: daysAgo(0), ...step })] },
    }));

  it('counts by action and kind of trouble, the recent more than the old', async () => {
    await saved({});
    await saved({ started_at: daysAgo(30) });
    await saved({ started_at: daysAgo(60), effect: 'ineffective', status: 'undone', cause: 'oom' });
    await saved({ effect: 'harmful', cause: 'crash.loop', action: 'restart_pod' });
    expect(await store.measuredEffects(asked)).toEqual([
      { action: 'restart_pod', family: 'crash', helped: 0, failed: 0, harmed: 1, lately: { helped: 0, failed: 0, harmed: 1 }, lastAt: daysAgo(0) },
      { action: 'scale_deployment', family: 'oom', helped: 2, failed: 1, harmed: 0, lately: { helped: 1.5, failed: 0.25, harmed: 0 }, lastAt: daysAgo(0) },
    ]);
  });

  it.each<[string, Partial<RemediationStep>, Partial<Remediation>]>([
    ['is older than the window', { started_at: daysAgo(91) }, {}],
    ['was not measured', { effect: undefined }, {}],
    ['only improved things, or could not be read', { effect: 'improving' }, {}],
    ['failed to be written', { status: 'failed' }, {}],
    ['changed nothing', { status: 'already_applied' }, {}],
    ['only tells', { tier: 0 }, {}],
    ['was against other trouble', { cause: 'image.bad' }, {}],
    ['does not say against what', { cause: undefined }, {}],
    ['is another action', { action: 'cordon_node' }, {}],
    ['was on another cluster', { target: { ...apiTarget, cluster: 'test' } }, {}],
    ['may still be undone', {}, { phase: 'verifying', outcome: undefined }],
    ['was a dry run', {}, { outcome: 'observed' }],
  ])('leaves out what %s', async (_what, step, over) => {
    await saved(step, over);
    expect(await store.measuredEffects(asked)).toEqual([]);
  });

  it('is answered from the index', async () => {
    await database.pool.query(`insert into remediations (id, workflow_id, run_id, cluster, kind, name, phase, outcome, severity, started_at, revision, doc)
      select 'x-' || n, 'w', 'r', 'prod', 'Deployment', 'd' || n, 'closed', 'fixed', 'critical', $1, 1, '{}' from generate_series(1, 20000) n`, [daysAgo(1)]);
    await database.pool.query(`insert into steps (remediation_id, rung, ordinal, action, cluster, namespace, kind, name, tier, status, effect, at, doc)
      select 'x-' || n, 0, 0, 'action_' || (n % 100), 'prod', 'shop', 'Deployment', 'd' || n, 2, 'applied', 'effective', $1, '{"cause":"oom.limit"}' from generate_series(1, 20000) n`, [daysAgo(1)]);
    await database.pool.query('analyze remediations, steps');
    const { rows } = await database.pool.query(`explain select 1 from steps s where s.cluster = 'prod' and s.cause_family = any('{oom}') and s.action = any('{action_7}') and s.at >= '2026-01-01' and s.effect in ('effective', 'ineffective', 'harmful')`);
    expect(JSON.stringify(rows)).toContain('steps_measured');
    expect(await store.measuredEffects({ ...asked, actions: ['action_7'] })).toMatchObject([{ action: 'action_7', helped: 200 }]);
  }, 60_000);
});
