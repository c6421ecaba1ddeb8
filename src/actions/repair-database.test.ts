import { describe, expect, it } from '@jest/globals';
import { createExecute } from '../activities/execute.js';
import type { KubeObject } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import { act } from '../../test/support/act.js';
import { checkHooks, checkJob, CNPG_APIS, cnpgBackup, cnpgCluster, cnpgParts, patroniParts, patroniSet, standardClass } from '../../test/support/databases-in-kubernetes.js';
import { memoryCluster, type MemoryCluster } from '../../test/support/memory-cluster.js';
import { factsOf, NOW } from '../../test/support/objects.js';
import { actions } from './index.js';
import { repairDatabase } from './repair-database.js';

type Params = Parameters<typeof repairDatabase.plan>[1];
const CNPG: Params = { namespace: 'shop', cluster: 'pg', mode: 'reclone_replica', member: 'pg-3' };
const PATRONI: Params = { namespace: 'shop', cluster: 'db', kind: 'StatefulSet', mode: 'reclone_replica', member: 'db-2' };
const CHECK: Params = { namespace: 'shop', cluster: 'pg', mode: 'check' };

const cnpg = (): KubeObject[] => [cnpgCluster(), ...cnpgParts(), cnpgBackup(), standardClass()];
const patroni = (): KubeObject[] => [patroniSet(), ...patroniParts(), standardClass()];
const planned = (objects: KubeObject[], params: Params = CNPG, limits: object = {}) => repairDatabase.plan(objects[0]!, params, factsOf(objects, { apis: CNPG_APIS, limits: { ...limits } }));
const refusal = (code: string, text: string) => expect.objectContaining({ code, message: expect.stringContaining(text) });
const named = (objects: KubeObject[], kind: string, name: string): KubeObject => objects.find((o) => o.kind === kind && o.metadata.name === name)!;
const unready = (pod: KubeObject): void => void (pod.status.conditions = [{ type: 'Ready', status: 'False' }]);

describe('a replica of CloudNativePG is re-cloned', () => {
  it('by deleting its claim, then its pod, both pinned', () => {
    expect(planned(cnpg())).toMatchObject({
      changes: [
        { op: 'delete', ref: { kind: 'PersistentVolumeClaim', name: 'pg-3' }, uid: 'uid-claim-pg-3' },
        { op: 'delete', ref: { kind: 'Pod', name: 'pg-3' }, uid: 'uid-pod-pg-3' },
      ],
      parameters: { member: 'pg-3', memberUid: 'uid-pod-pg-3', primary: 'pg-1' },
      needsApproval: 'the data of pg-3 is thrown away for good',
      summary: 're-clone pg-3 of cluster shop/pg from primary pg-1; its data is thrown away',
    });
  });

  it('although it does not run: that is when it is needed', () => {
    const objects = cnpg();
    unready(named(objects, 'Pod', 'pg-3'));
    objects[0]!.status.phase = 'Waiting for the instances to become active';
    expect(planned(objects).changes).toHaveLength(2);
  });

  it('in the time that its size needs', () => {
    expect(planned(cnpg()).timeoutS).toBe(Math.ceil((10 * 1024) / 50) + 600);
    expect(planned(cnpg(), CNPG, { cloneRate: 1024 }).timeoutS).toBe(10 + 600);
  });

  const backups: [string, (o: KubeObject[]) => KubeObject[], boolean][] = [
    ['none', (o) => o.filter((x) => x.kind !== 'Backup'), false],
    ['one that failed', (o) => (void (named(o, 'Backup', 'nightly').status.phase = 'failed'), o), false],
    ['one of 25 h ago', (o) => (void (named(o, 'Backup', 'nightly').status.stoppedAt = '2026-02-28T11:00:00Z'), o), false],
    ['one of another cluster', (o) => (void (named(o, 'Backup', 'nightly').spec.cluster.name = 'other'), o), false],
    ['what the operator remembers', (o) => (void (o[0]!.status.lastSuccessfulBackupByMethod = { volumeSnapshot: '2026-03-01T08:00:00Z' }), o.filter((x) => x.kind !== 'Backup')), true],
    ["the owner's word", (o) => (void (o[0]!.metadata.annotations = { 'kubernaut.io/backup-verified-at': '2026-03-01T08:00:00Z' }), o.filter((x) => x.kind !== 'Backup')), true],
    ['a snapshot of the primary', (o) => [...o.filter((x) => x.kind !== 'Backup'), snapshotOf('pg-1')], true],
    ['a snapshot of another replica', (o) => [...o.filter((x) => x.kind !== 'Backup'), snapshotOf('pg-2')], false],
  ];
  it.each(backups)('with %s as backup', (_what, change, isEnough) => {
    const plan = () => planned(change(cnpg()));
    if (isEnough) expect(plan().changes).toHaveLength(2);
    else expect(plan).toThrow(refusal('PreconditionChanged', 'run backup_data first'));
  });

  it('not with an older backup than the policy wants', () => {
    expect(() => planned(cnpg(), CNPG, { backupMaxAge: '1h' })).toThrow(refusal('PreconditionChanged', 'backup'));
  });
});

const snapshotOf = (claim: string): KubeObject => ({
  apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: `s-${claim}`, namespace: 'shop' },
  spec: { source: { persistentVolumeClaimName: claim } }, status: { readyToUse: true, creationTime: '2026-03-01T08:00:00Z' },
});

describe('a replica of Patroni is re-cloned', () => {
  it('by a request to its own pod, pinned', () => {
    expect(planned(patroni(), PATRONI)).toMatchObject({
      changes: [{ op: 'call', service: 'patroni', ref: { kind: 'Pod', name: 'db-2' }, uid: 'uid-pod-db-2', request: { kind: 'reinitialize', leader: 'db-0', member: 'db-2', startedBefore: NOW } }],
      needsApproval: expect.stringContaining('db-2'),
    });
  });

  const refused: [string, (o: KubeObject[]) => void, Params, string, string][] = [
    ['it leads', () => undefined, { ...PATRONI, member: 'db-0' }, 'InvalidParams', 'never re-cloned'],
    ['nobody verified a backup', (o) => void (o[0]!.metadata.annotations = {}), PATRONI, 'PreconditionChanged', 'no good backup'],
    ['the other replica is not Ready', (o) => unready(named(o, 'Pod', 'db-1')), PATRONI, 'PreconditionChanged', 'last good copy'],
    ['the leader is not Ready', (o) => unready(named(o, 'Pod', 'db-0')), PATRONI, 'PreconditionChanged', 'not healthy'],
    ['Patroni does not lead it', (o) => o.forEach((p) => p.kind === 'Pod' && delete p.metadata.annotations), PATRONI, 'Unsupported', 'Patroni'],
    ['its claim was not read', (o) => void (named(o, 'Pod', 'db-2').spec.volumes = []), PATRONI, 'PreconditionChanged', 'claims of db-2'],
  ];
  it.each(refused)('not when %s', (_what, spoil, params, code, text) => {
    const objects = patroni();
    spoil(objects);
    expect(() => planned(objects, params)).toThrow(refusal(code, text));
  });
});

describe('a check', () => {
  const limits = { hookConfigMap: 'kubernaut-hooks' };

  it('is the Job of the owner, under our name', () => {
    expect(planned([...cnpg(), checkHooks({ 'check.json': checkJob })], CHECK, limits)).toMatchObject({
      changes: [{ op: 'create', object: { kind: 'Job', metadata: { name: expect.stringMatching(/^kb-[0-9a-f]{12}-check$/), namespace: 'shop' }, spec: { backoffLimit: 0, template: { spec: { containers: [{ image: 'tools/amcheck:1' }] } } } } }],
      timeoutS: 420,
    });
  });

  it('of one cluster of several has a key of its own', () => {
    const own = checkJob.replace('tools/amcheck:1', 'tools/own:1');
    expect(JSON.stringify(planned([...cnpg(), checkHooks({ 'check.json': checkJob, 'check.pg.json': own })], CHECK, limits).changes)).toContain('tools/own:1');
  });

  const verdict = (conditions: object[]) => {
    const objects = [...cnpg(), checkHooks({ 'check.json': checkJob })];
    const { changes } = planned(objects, CHECK, limits);
    const made = (changes[0] as { object: KubeObject }).object;
    const { world } = factsOf([...objects, { ...made, status: { conditions } }]);
    return repairDatabase.verify(world, CHECK, { apiVersion: 'x', kind: 'Cluster', namespace: 'shop', name: 'pg' }, { changes });
  };
  const verdicts: [string, object[], string, string][] = [
    ['runs', [], 'waiting', 'runs'],
    ['completes', [{ type: 'Complete', status: 'True' }], 'reached', 'nothing wrong'],
    ['finds something', [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }], 'reached', 'read the log'],
    ['takes too long', [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }], 'failed', 'no verdict'],
  ];
  it.each(verdicts)('that %s', (_what, conditions, state, text) => {
    expect(verdict(conditions)).toEqual({ state, detail: expect.stringContaining(text) });
  });
});

describe('carrying it out', () => {
  const stepOf = (objects: KubeObject[], params: Params): Step => {
    const { changes, parameters, summary } = planned(objects, params);
    const { apiVersion, kind, metadata } = objects[0]!;
    return {
      ordinal: 0, action: 'repair_database', target: { cluster: 'test', apiVersion, kind, namespace: 'shop', name: metadata.name, uid: metadata.uid! }, parameters: parameters!,
      tier: 3, summary, reason: 'x', changes, undo: { kind: 'none', why: 'x' }, timeoutS: 5, isWriting: true,
    };
  };
  const run = (cluster: MemoryCluster, step: Step) => act(createExecute({ cluster: () => cluster, actions, clock: { now: () => NOW } }), { step, actionId: 'remediation/x/0', mode: 'apply' });

  /** Its operator makes a new instance for the one that is gone. */
  const remade = (objects: KubeObject[]): KubeObject[] => {
    const names = ['pg-1', 'pg-2', 'pg-4'];
    const cluster = cnpgCluster(names);
    return [cluster, ...cnpgParts(cluster), ...objects.filter((o) => ['Backup', 'StorageClass'].includes(o.kind))];
  };

  it('waits until a new instance follows', async () => {
    const cluster = memoryCluster(cnpg());
    cluster.onApply = (change) => void (change.op === 'delete' && change.ref.kind === 'Pod' && setTimeout(() => cluster.set(remade(cluster.objects)), 50));
    await expect(run(cluster, stepOf(cnpg(), CNPG))).resolves.toMatchObject({ status: 'applied', detail: '3 of 3 instances are well' });
    expect(cluster.asked.map(({ change }) => change.op === 'delete' && change.ref.kind)).toEqual(['PersistentVolumeClaim', 'Pod']);
  });

  it('only waits when the claim is gone', async () => {
    const cluster = memoryCluster(remade(cnpg()));
    await expect(run(cluster, stepOf(cnpg(), CNPG))).resolves.toMatchObject({ status: 'already_applied' });
  });

  it.each([['currentPrimary', 'pg-3'], ['targetPrimary', 'pg-3']])('keeps the data of a replica that became the primary meanwhile (%s)', async (field, value) => {
    const objects = cnpg();
    objects[0] = { ...objects[0]!, status: { ...objects[0]!.status, [field]: value } };
    const cluster = memoryCluster(objects);
    await expect(run(cluster, stepOf(cnpg(), CNPG))).rejects.toEqual(refusal('PreconditionChanged', 'so the data of claim pg-3 stays'));
    expect(cluster.asked).toEqual([]);
  });
});
