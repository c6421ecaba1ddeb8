import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { verifyAudit } from '../../src/adapters/postgres/audit.js';
import type { Database } from '../../src/adapters/postgres/database.js';
import { migrate } from '../../src/adapters/postgres/migrate.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { Remediation } from '../../src/contracts/remediation.js';
import type { Store } from '../../src/domain/ports.js';
import { hashOf } from '../../src/domain/sha256.js';
import { eachDatabase } from '../support/databases.js';
import { apiTarget, remediationFor, signalRowFor, stepFor } from '../support/remediations.js';

const NASTY = 'log \0 line \uD800 with "quotes" \\u0000 and 🚀';
const NASTY_KEPT = 'log \uFFFD line \uFFFD with "quotes" \\u0000 and 🚀';

describe.each(eachDatabase())('the store on $name', ({ open }) => {
  let database: Database;
  let store: Store;
  let now = '2025-01-31T09:00:00.000Z';

  beforeAll(async () => {
    database = await open();
    store = createStore(database, { now: () => now });
  }, 120_000);
  beforeEach(async () => {
    now = '2025-01-31T09:00:00.000Z';
    await database.pool.query('truncate signals, remediations, steps, assessments, notifications, pauses, artifacts, incidents');
  });
  afterAll(() => database?.close(), 60_000);

  it('answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined();
  });

  it('migrates once: a second run finds nothing to do', async () => {
    expect(await migrate(database)).toEqual([]);
  });

  describe('signals', () => {
    const key = { cluster: 'prod', fingerprint: 'f1', startsAt: '2025-01-31T08:00:00Z', status: 'firing' };

    it('recognises a repeated occurrence, however its time is written', async () => {
      expect(await store.findSignal(key)).toBeUndefined();
      await store.recordSignal(signalRowFor('f1'));
      expect(await store.findSignal(key)).toEqual({ remediationId: 'r-0123456789', outcome: 'started' });
      expect(await store.findSignal({ ...key, startsAt: '2025-01-31T09:00:00.000+01:00' })).toBeDefined();
    });

    it.each([
      ['cluster', { cluster: 'other' }],
      ['fingerprint', { fingerprint: 'f2' }],
      ['start', { startsAt: '2025-01-31T08:00:01Z' }],
      ['status', { status: 'resolved' }],
    ])('takes another %s for another occurrence', async (_, difference) => {
      await store.recordSignal(signalRowFor('f1'));
      expect(await store.findSignal({ ...key, ...difference })).toBeUndefined();
    });

    it('keeps one row of twenty concurrent deliveries', async () => {
      await Promise.all(Array.from({ length: 20 }, () => store.recordSignal(signalRowFor('f1'))));
      expect(await store.signalsOf('f1')).toHaveLength(1);
    });

    it('never detaches a signal from its remediation, but lets a suppressed one start later', async () => {
      await store.recordSignal(signalRowFor('f1', { outcome: 'suppressed', reason: 'storm', remediationId: undefined }));
      await store.recordSignal(signalRowFor('f1'));
      await store.recordSignal(signalRowFor('f1', { outcome: 'rejected', remediationId: undefined }));
      expect(await store.findSignal(key)).toEqual({ remediationId: 'r-0123456789', outcome: 'started' });
    });

    it('tells what became of a fingerprint, newest first', async () => {
      await store.recordSignal(signalRowFor('f1'));
      now = '2025-01-31T10:00:00.000Z';
      await store.recordSignal(signalRowFor('f1', { status: 'resolved', outcome: 'resolved', reason: 'gone' }));
      const rows = await store.signalsOf('f1');
      expect(rows.map((row) => [row.outcome, row.reason, row.at])).toEqual([
        ['resolved', 'gone', '2025-01-31T10:00:00.000Z'],
        ['started', undefined, '2025-01-31T09:00:00.000Z'],
      ]);
      expect(rows[1]!.signal).toEqual(signalRowFor('f1').signal);
    });

    it('takes a fingerprint of any length and content', async () => {
      const long = `${'é\0'.repeat(5000)}x`;
      await store.recordSignal(signalRowFor(long));
      expect(await store.findSignal({ ...key, fingerprint: long })).toBeDefined();
      expect(await store.signalsOf(long)).toHaveLength(1);
      expect(await store.signalsOf(`${long}y`)).toHaveLength(0);
    });
  });

  describe('remediations', () => {
    it('gives a document back as it was', async () => {
      const full = remediationFor('r-full', {
        plan: { hash: 'h', steps: [stepFor(0)] },
        assessments: [{ horizon: '30s', due_at: '2025-01-31T08:01:00.000Z', evidence: ['2 of 2 ready'], rung: 0, verdict: 'effective', at: '2025-01-31T08:01:01.000Z' }],
      });
      await store.saveRemediation(full);
      expect(await store.getRemediation('r-full')).toEqual(full);
    });

    it('never lets an older revision overwrite a newer one, nor touch its rows', async () => {
      const newer = remediationFor('r-1', { revision: 3, phase: 'closed', outcome: 'fixed', plan: { hash: 'h', steps: [stepFor(0, { effect: 'effective' })] } });
      await store.saveRemediation(newer);
      await store.saveRemediation(remediationFor('r-1', { revision: 2, phase: 'executing', plan: { hash: 'h', steps: [stepFor(0, { status: 'running' })] } }));
      expect(await store.getRemediation('r-1')).toEqual(newer);
      expect(await store.pastActions(apiTarget, '2025-01-01T00:00:00Z')).toMatchObject([{ result: 'effective' }]);
    });

    it('ends with the newest revision whatever order concurrent saves arrive in', async () => {
      const revisions = [5, 2, 9, 1, 8, 3, 7, 4, 6];
      await Promise.all(revisions.map((revision) => store.saveRemediation(remediationFor('r-race', { revision, plan: { hash: `${revision}`, steps: [stepFor(0, { result: `${revision}` })] } }))));
      expect((await store.getRemediation('r-race')).revision).toBe(9);
      const { rows } = await database.pool.query('select doc from steps');
      expect(rows).toMatchObject([{ doc: { result: '9' } }]);
    });

    it('keeps steps and assessments of every rung in rows of their own', async () => {
      const assessment = { horizon: '30s', due_at: '2025-01-31T08:01:00.000Z', evidence: [], rung: 0 };
      await store.saveRemediation(remediationFor('r-1', { plan: { hash: 'a', steps: [stepFor(0)] }, assessments: [assessment] }));
      await store.saveRemediation(
        remediationFor('r-1', { revision: 2, plan: { hash: 'b', steps: [stepFor(0, { rung: 1 }), stepFor(0, { rung: 1, result: 'said twice' })] }, assessments: [assessment, { ...assessment, rung: 1 }] }),
      );
      const steps = await database.pool.query(`select rung, ordinal, doc->>'result' as result from steps order by rung`);
      expect(steps.rows).toEqual([{ rung: 0, ordinal: 0, result: null }, { rung: 1, ordinal: 0, result: 'said twice' }]);
      expect((await database.pool.query('select from assessments')).rowCount).toBe(2);
    });

    it('finds by unique prefix and names the candidates of an ambiguous one', async () => {
      await Promise.all(['r-aa11', 'r-aa22', 'r-aa', 'r-bb_1', 'r-bbx1'].map((id) => store.saveRemediation(remediationFor(id))));
      expect((await store.getRemediation('r-aa1')).id).toBe('r-aa11');
      expect((await store.getRemediation('r-aa')).id).toBe('r-aa');
      expect((await store.getRemediation('r-bb_')).id).toBe('r-bb_1');
      await expect(store.getRemediation('r-a')).rejects.toMatchObject({ code: 'Conflict', details: { candidates: ['r-aa', 'r-aa11', 'r-aa22'] } });
      await expect(store.getRemediation('r-a')).rejects.toThrow(/r-aa11, r-aa22/);
    });

    it.each(['', 'r-nothing', '%', 'r-_'])('says that there is no remediation %j', async (id) => {
      await store.saveRemediation(remediationFor('r-1'));
      await expect(store.getRemediation(id)).rejects.toMatchObject({ code: 'NotFound' });
    });

    it('knows the latest of a workflow', async () => {
      const workflowId = remediationFor('x').workflow_id;
      expect(await store.latestOf(workflowId)).toBeUndefined();
      await store.saveRemediation(remediationFor('r-new', { started_at: '2025-02-01T00:00:00.000Z' }));
      await store.saveRemediation(remediationFor('r-old'));
      expect((await store.latestOf(workflowId))?.id).toBe('r-new');
    });

    it('keeps text with NUL and lone surrogates, marking what PostgreSQL cannot hold', async () => {
      await store.saveRemediation(remediationFor('r-1', { reason: NASTY, plan: { hash: 'h', steps: [stepFor(0, { result: NASTY })] } }));
      expect((await store.getRemediation('r-1')).reason).toBe(NASTY_KEPT);
    });
  });

  describe('listing', () => {
    const startOf = (n: number) => new Date(Date.parse('2025-01-31T08:00:00Z') + Math.floor(n / 3) * 1000).toISOString();
    const save = (n: number, over: Partial<Remediation> = {}) =>
      store.saveRemediation(remediationFor(`r-${String(n).padStart(4, '0')}`, { started_at: startOf(n), ...over }));

    it('pages newest first without repeating or losing a row while others are inserted', async () => {
      for (let n = 0; n < 23; n++) await save(n);
      const seen: string[] = [];
      let cursor: string | undefined;
      let next = 100;
      do {
        const page = await store.listRemediations({ limit: 4, cursor });
        seen.push(...page.items.map((item) => item.id));
        cursor = page.next;
        await save(next++);
      } while (cursor);
      expect(seen).toEqual(Array.from({ length: 23 }, (_, n) => `r-${String(22 - n).padStart(4, '0')}`));
    });

    it('keeps its place between starts that differ by a microsecond', async () => {
      for (const us of ['000001', '000002', '000003']) await save(Number(us), { started_at: `2025-01-31T08:00:00.${us}Z` });
      const first = await store.listRemediations({ limit: 1 });
      const second = await store.listRemediations({ limit: 1, cursor: first.next });
      const third = await store.listRemediations({ limit: 1, cursor: second.next });
      expect([first, second, third].map((page) => page.items[0]?.id)).toEqual(['r-0003', 'r-0002', 'r-0001']);
      expect(third.next).toBeUndefined();
    });

    it.each([
      [{ namespace: 'shop' }, ['r-0002', 'r-0001']],
      [{ phase: 'closed' }, ['r-0002']],
      [{ outcome: 'fixed' }, ['r-0002']],
      [{ target: 'api' }, ['r-0002', 'r-0001']],
      [{ target: 'deployment/api' }, ['r-0002', 'r-0001']],
      [{ target: 'node/api' }, []],
      [{ target: 'Node/worker-1' }, ['r-0000']],
      [{ since: '2025-01-31T08:30:00+00:00' }, ['r-0002']],
      [{ namespace: 'shop', phase: 'received', target: 'api' }, ['r-0001']],
      [{ namespace: 'none' }, []],
    ])('filters by %j', async (filter, expected) => {
      await save(0, { target: { cluster: 'prod', apiVersion: 'v1', kind: 'Node', name: 'worker-1' } });
      await save(1);
      await save(2, { phase: 'closed', outcome: 'fixed', started_at: '2025-01-31T09:00:00.000Z' });
      // A small page, so that every filter also meets the cursor.
      const items: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.listRemediations({ ...filter, limit: 1, cursor });
        items.push(...page.items.map((item) => item.id));
        cursor = page.next;
      } while (cursor);
      expect(items).toEqual(expected);
    });

    it('counts what is in a phase', async () => {
      await save(1);
      await save(2, { phase: 'awaiting_approval' });
      expect([await store.countInPhase('awaiting_approval'), await store.countInPhase('closed')]).toEqual([1, 0]);
    });

    it.each([{ cursor: 'nonsense' }, { cursor: Buffer.from('1 ').toString('base64url') }, { since: 'yesterday' }])('refuses %j', async (filter) => {
      await expect(store.listRemediations(filter)).rejects.toMatchObject({ code: 'BadRequest' });
    });
  });

  describe('past actions', () => {
    const since = '2025-01-31T00:00:00Z';
    const saveSteps = (steps: ReturnType<typeof stepFor>[], over: Partial<Remediation> = {}) =>
      store.saveRemediation(remediationFor('r-1', { plan: { hash: 'h', steps }, ...over }));

    it('tells what was written to a target, newest first, and what it came to', async () => {
      await saveSteps([
        stepFor(0, { effect: 'ineffective', status: 'undone', started_at: '2025-01-31T08:00:00.000Z' }),
        stepFor(1, { action: 'restart_pod', status: 'failed', started_at: '2025-01-31T08:05:00.000Z', wrote: undefined }),
        stepFor(2, { started_at: '2025-01-31T08:10:00.000Z' }),
      ]);
      const at = (minute: string) => `2025-01-31T08:${minute}:00.000Z`;
      const common = { remediationId: 'r-1', target: apiTarget };
      const wrote = [{ path: 'spec.replicas', value: '4' }];
      expect(await store.pastActions(apiTarget, since)).toEqual([
        { ...common, action: 'scale_deployment', at: at('10'), result: undefined, wasUndone: false, wrote },
        { ...common, action: 'restart_pod', at: at('05'), result: 'failed', wasUndone: false, wrote: [] },
        { ...common, action: 'scale_deployment', at: at('00'), result: 'ineffective', wasUndone: true, wrote },
      ]);
    });

    it.each([
      ['planned', stepFor(0, { status: 'planned' })],
      ['running', stepFor(0, { status: 'running' })],
      ['skipped', stepFor(0, { status: 'skipped' })],
      ['only reading (tier 0)', stepFor(0, { tier: 0 })],
      ['older than asked for', stepFor(0, { started_at: '2025-01-30T08:00:00.000Z' })],
      ['on another object', stepFor(0, { target: { ...apiTarget, name: 'web' } })],
      ['on another cluster', stepFor(0, { target: { ...apiTarget, cluster: 'test' } })],
      ['on a cluster-scoped object of that name', stepFor(0, { target: { ...apiTarget, namespace: undefined } })],
    ])('leaves out a step that is %s', async (_, step) => {
      await saveSteps([step]);
      expect(await store.pastActions(apiTarget, since)).toEqual([]);
    });

    it('leaves out dry runs', async () => {
      await saveSteps([stepFor(0)], { phase: 'closed', outcome: 'observed' });
      expect(await store.pastActions(apiTarget, since)).toEqual([]);
    });

    it('finds the actions on a cluster-scoped object', async () => {
      const node = { cluster: 'prod', apiVersion: 'v1', kind: 'Node', name: 'worker-1' };
      await saveSteps([stepFor(0, { action: 'cordon_node', target: node })]);
      expect(await store.pastActions(node, since)).toMatchObject([{ action: 'cordon_node' }]);
    });
  });

  describe('artifacts', () => {
    it('keeps the same content once, under the hash of its canonical JSON, byte for byte', async () => {
      const content = { b: [1, 2.5e30, null], a: NASTY, nested: { 'k\0': true } };
      const ref = await store.putArtifact('evidence', content);
      expect(ref).toBe(`sha256:${hashOf(content)}`);
      expect(await store.putArtifact('evidence', { nested: { 'k\0': true }, a: NASTY, b: [1, 2.5e30, null] })).toBe(ref);
      expect(await store.getArtifact(ref)).toEqual(content);
      expect((await database.pool.query('select from artifacts')).rowCount).toBe(1);
    });

    it('keeps what an action collected under its key; a repeat replaces it', async () => {
      expect(await store.putArtifact('log', { n: 1 }, 'action:0123456789ab')).toBe('action:0123456789ab');
      await store.putArtifact('log', { n: 2 }, 'action:0123456789ab');
      expect(await store.getArtifact('action:0123456789ab')).toEqual({ n: 2 });
      expect((await database.pool.query('select from artifacts')).rowCount).toBe(1);
    });

    it('says that an artifact is not there', async () => {
      await expect(store.getArtifact('sha256:00')).rejects.toMatchObject({ code: 'NotFound' });
    });
  });

  describe('notifications', () => {
    const claim = { remediationId: 'r-1', channel: 'slack', kind: 'closed' };

    it('gives twenty concurrent claims the same single row', async () => {
      const rows = await Promise.all(Array.from({ length: 20 }, () => store.claimNotification(claim)));
      expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(1);
      expect(rows[0]).toEqual({ ...claim, status: 'claimed', attempts: 0, updatedAt: now });
      expect(await store.notificationsOf('r-1')).toHaveLength(1);
    });

    it('gives a later claim what was sent', async () => {
      const row = await store.claimNotification(claim);
      const sent = { ...row, status: 'sent' as const, attempts: 2, providerId: '1700.01', updatedAt: '2025-01-31T09:00:01.000Z' };
      await store.updateNotification(sent);
      await store.updateNotification(sent);
      expect(await store.claimNotification(claim)).toEqual(sent);
      const failed = { ...sent, status: 'failed' as const, error: NASTY, providerId: undefined };
      await store.updateNotification(failed);
      expect(await store.notificationsOf('r-1')).toEqual([{ ...claim, status: 'failed', attempts: 2, error: NASTY_KEPT, updatedAt: sent.updatedAt }]);
    });
  });

  describe('audit', () => {
    const entry = (n: number) => ({ at: '2025-01-31T09:00:00.123Z', actor: 'alice', verb: 'approve', subject: `r-${n}`, details: { n, text: NASTY } });

    it('chains concurrent entries without a gap or a fork', async () => {
      const before = (await verifyAudit(database)).entries;
      await Promise.all(Array.from({ length: 25 }, (_, n) => store.audit(entry(n))));
      await store.audit({ at: '2025-01-31T09:00:01Z', actor: NASTY, verb: 'pause', subject: 'prod' });
      expect(await verifyAudit(database)).toEqual({ entries: before + 26 });
    });

    it.each(["update audit set actor = 'mallory'", 'delete from audit', 'truncate audit'])('refuses: %s', async (sql) => {
      await store.audit(entry(0));
      await expect(database.pool.query(sql)).rejects.toMatchObject({ code: '42501' });
      expect((await verifyAudit(database)).brokenAt).toBeUndefined();
    });

    it('ignores a number and hashes that an insert brings along', async () => {
      await database.pool.query(`insert into audit (seq, at, actor, verb, subject, previous, hash) values (9999, now(), 'x', 'y', 'z', 'forged', 'forged')`);
      expect((await verifyAudit(database)).brokenAt).toBeUndefined();
    });

    it('names the entry where somebody who switched the trigger off changed or removed one', async () => {
      for (let n = 0; n < 4; n++) await store.audit(entry(n));
      const { entries } = await verifyAudit(database);
      const tamper = async (sql: string) => {
        const client = await database.pool.connect();
        try {
          await client.query('begin; alter table audit disable trigger audit_no_change');
          await client.query(sql);
          const { rows } = await client.query(`select min(seq)::int as at from (
            select seq, hash = audit_hash(previous, seq, at, actor, verb, subject, details)
              and previous = coalesce(lag(hash) over (order by seq), '') and seq = row_number() over (order by seq) as ok from audit) c where not ok`);
          return rows[0].at as number;
        } finally {
          await client.query('rollback');
          client.release();
        }
      };
      expect(await tamper(`update audit set actor = 'mallory' where seq = ${entries - 2}`)).toBe(entries - 2);
      expect(await tamper(`delete from audit where seq = ${entries - 2}`)).toBe(entries - 1);
      expect(await verifyAudit(database)).toEqual({ entries });
    });
  });

  describe('approval links', () => {
    const link = { id: 'd'.repeat(64), remediationId: 'r-1', plan: 'p', audience: 'slack' };

    it('are claimed by one of many at the same moment, and remember what they decided', async () => {
      await database.pool.query('truncate approval_links');
      const at = '2025-01-31T08:00:00.000Z';
      const claims = await Promise.all([1, 2, 3, 4].map(() => store.claimLink({ ...link, at })));
      expect(claims.filter(Boolean)).toHaveLength(1);
      expect(await store.usedLink(link.id)).toBeUndefined();
      await store.settleLink({ id: link.id, decision: 'approved', by: 'Ana', at });
      expect(await store.usedLink(link.id)).toEqual({ decision: 'approved', by: 'Ana', at });
      expect(await store.claimLink({ ...link, at: '2026-01-31T08:00:00.000Z' })).toBe(false);
    });

    it('may be used again when they were given back, or when whoever claimed them died', async () => {
      await database.pool.query('truncate approval_links');
      expect(await store.claimLink({ ...link, at: '2025-01-31T08:00:00.000Z' })).toBe(true);
      await store.releaseLink(link.id);
      expect(await store.claimLink({ ...link, at: '2025-01-31T08:00:01.000Z' })).toBe(true);
      expect(await store.claimLink({ ...link, at: '2025-01-31T08:00:59.000Z' })).toBe(false);
      expect(await store.claimLink({ ...link, at: '2025-01-31T08:01:02.000Z' })).toBe(true);
    });
  });

  describe('pauses', () => {
    it('keeps one pause per scope, lifts exactly that one and forgets expired ones', async () => {
      await store.setPause({ by: 'alice', reason: 'incident' });
      await store.setPause({ cluster: 'prod', by: 'alice', reason: 'release', until: '2025-01-31T10:00:00.000Z' });
      await store.setPause({ cluster: 'prod', by: 'bob', reason: 'longer release', until: '2025-01-31T11:00:00.000Z' });
      await store.setPause({ cluster: 'prod', namespace: 'shop', action: 'scale_deployment', by: 'bob', reason: NASTY });
      expect(await store.pauses()).toEqual([
        { by: 'alice', reason: 'incident' },
        { cluster: 'prod', by: 'bob', reason: 'longer release', until: '2025-01-31T11:00:00.000Z' },
        { cluster: 'prod', namespace: 'shop', action: 'scale_deployment', by: 'bob', reason: NASTY_KEPT },
      ].sort((a, b) => Number(Boolean(a.cluster)) - Number(Boolean(b.cluster)) || Number(Boolean(a.namespace)) - Number(Boolean(b.namespace))));
      await store.setPause({ remove: {} });
      now = '2025-01-31T11:00:00.001Z';
      expect(await store.pauses()).toMatchObject([{ namespace: 'shop' }]);
      await store.setPause({ remove: { cluster: 'prod' } });
      expect(await store.pauses()).toHaveLength(1);
    });
  });
});
