import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../domain/kube.js';
import { worldOf } from '../domain/kube.js';
import { actions } from './index.js';
import { createExecute } from '../activities/execute.js';
import type { Step } from '../domain/plan.js';
import { act } from '../../test/support/act.js';
import { CNPG_APIS, cnpgCluster, cnpgParts, noteOf, patroniParts, patroniSet } from '../../test/support/databases-in-kubernetes.js';
import { memoryCluster, type MemoryCluster } from '../../test/support/memory-cluster.js';
import { edited, factsOf, NOW } from '../../test/support/objects.js';
import { failoverDatabase } from './failover-database.js';

const CNPG = { namespace: 'shop', cluster: 'pg', candidate: 'pg-2' };
const PATRONI = { namespace: 'shop', cluster: 'db', kind: 'StatefulSet' as const, candidate: 'db-1' };

const planned = (objects: KubeObject[], params: Parameters<typeof failoverDatabase.plan>[1] = CNPG, limits: object = {}) =>
  failoverDatabase.plan(objects[0]!, params, factsOf(objects, { apis: CNPG_APIS, limits: { ...limits } }));
const cnpg = (): KubeObject[] => [cnpgCluster(), ...cnpgParts()];
const patroni = (): KubeObject[] => [patroniSet(), ...patroniParts()];
const refusal = (code: string, text: string) => expect.objectContaining({ code, message: expect.stringContaining(text) });
const pod = (objects: KubeObject[], name: string): KubeObject => objects.find((o) => o.kind === 'Pod' && o.metadata.name === name)!;

describe('a switchover of CloudNativePG', () => {
  it('writes what its plugin writes: target, time, phase and reason', () => {
    const [change] = planned(cnpg()).changes;
    expect(change).toMatchObject({ op: 'edit', subresource: 'status', uid: 'uid-cluster-pg', ref: { kind: 'Cluster', namespace: 'shop', name: 'pg' } });
    const after = edited(cnpgCluster(), change?.op === 'edit' ? change.edits : []);
    expect(after.status).toEqual({
      ...cnpgCluster().status, targetPrimary: 'pg-2', targetPrimaryTimestamp: '2026-03-01T12:00:00.000000Z', phase: 'Switchover in progress', phaseReason: 'Switching over to pg-2',
    });
  });

  it('switches back by the target alone, once the operator is at rest', () => {
    const { undo } = planned(cnpg());
    expect(undo).toMatchObject({ kind: 'partial', note: expect.stringContaining('lost transactions do not return') });
    expect(undo?.kind === 'partial' && undo.changes).toEqual([
      expect.objectContaining({
        op: 'edit',
        edits: [
          { path: ['status', 'targetPrimary'], before: 'pg-2', after: 'pg-1' },
          { path: ['status', 'phase'], before: 'Cluster in healthy state', after: 'Switchover in progress', isTransient: true },
        ],
      }),
    ]);
  });

  it('pins the replica that is least behind when none is named', () => {
    const objects = cnpg();
    pod(objects, 'pg-2').metadata.annotations!['kubernaut.io/replication'] = noteOf({ lagBytes: 500 });
    expect(planned(objects, { namespace: 'shop', cluster: 'pg' })).toMatchObject({ parameters: { candidate: 'pg-3', primary: 'pg-1' }, summary: 'switch cluster shop/pg over from pg-1 to pg-3, 0 bytes behind' });
  });

  it('says of each replica why none may lead', () => {
    const objects = cnpg();
    objects[0]!.metadata.annotations = { 'cnpg.io/fencedInstances': '["pg-3"]' };
    pod(objects, 'pg-2').metadata.annotations!['kubernaut.io/replication'] = noteOf({ lagSeconds: 40 });
    expect(() => planned(objects, { namespace: 'shop', cluster: 'pg' })).toThrow(/pg-2 is 40 s behind, more than 10; pg-3 is fenced/);
  });

  it('takes a candidate of unknown lag only where the policy says so, and then a person must look', () => {
    const objects = cnpg();
    delete pod(objects, 'pg-2').metadata.annotations;
    expect(() => planned(objects)).toThrow(refusal('Unsupported', 'nothing says how far behind pg-2 is'));
    expect(planned(objects, CNPG, { allowUnknownLag: true })).toMatchObject({ needsApproval: expect.stringContaining('transactions may be lost'), summary: expect.stringContaining('not knowing') });
  });

  it('cannot be made to accept more lag than the row allows', () => {
    const objects = cnpg();
    pod(objects, 'pg-2').metadata.annotations!['kubernaut.io/replication'] = noteOf({ lagBytes: 2_000_000 });
    expect(() => planned(objects, CNPG, { maxLagBytes: 9_000_000 })).toThrow(refusal('PreconditionChanged', '2000000 bytes'));
  });

  it('treats a fence that cannot be read as one around everything', () => {
    const objects = cnpg();
    objects[0]!.metadata.annotations = { 'cnpg.io/fencedInstances': 'pg-9' };
    expect(() => planned(objects)).toThrow(refusal('PreconditionChanged', 'fenced'));
  });
});

describe('a switchover of Patroni', () => {
  it('is a request to the pod that leads, with everything it depends on', () => {
    expect(planned(patroni(), PATRONI)).toMatchObject({
      changes: [
        {
          op: 'call', service: 'patroni', ref: { kind: 'Pod', namespace: 'shop', name: 'db-0' }, uid: 'uid-pod-db-0',
          request: { kind: 'switchover', leader: 'db-0', candidate: 'db-1', limits: { lagBytes: 1_048_576, lagS: 10, minIntervalS: 1800 } },
        },
      ],
      undo: { kind: 'partial', changes: [{ op: 'call', uid: 'uid-pod-db-1', request: { leader: 'db-1', candidate: 'db-0' } }] },
      parameters: { primary: 'db-0', candidate: 'db-1' },
    });
  });

  const note = (name: string, change: (note: Record<string, unknown>) => void) => (objects: KubeObject[]) => {
    const { annotations = {} } = pod(objects, name).metadata;
    const value = JSON.parse(annotations.status!) as Record<string, unknown>;
    change(value);
    annotations.status = JSON.stringify(value);
  };

  const refused: [string, (objects: KubeObject[]) => void, string, string][] = [
    ['no pod is led by Patroni', (o) => o.forEach((p) => p.kind === 'Pod' && delete p.metadata.annotations), 'Unsupported', 'Patroni'],
    ['no pod carries its role label', (o) => o.forEach((p) => p.kind === 'Pod' && delete p.metadata.labels!['spilo-role']), 'Unsupported', 'Patroni'],
    ['two pods carry the label of a leader', (o) => void (pod(o, 'db-2').metadata.labels!['spilo-role'] = 'master'), 'PreconditionChanged', 'not exactly one'],
    ['label and note disagree', note('db-0', (n) => (n.role = 'replica')), 'PreconditionChanged', 'not exactly one'],
    ['the candidate is the leader', () => undefined, 'InvalidParams', 'primary already'],
    ['the candidate is starting', note('db-1', (n) => (n.state = 'starting')), 'PreconditionChanged', 'streaming'],
    ['the candidate reads from an archive', note('db-1', (n) => (n.replication_state = 'in archive recovery')), 'PreconditionChanged', 'streaming'],
    ['the candidate is on another timeline', note('db-1', (n) => (n.timeline = 2)), 'PreconditionChanged', 'timeline 2'],
    ['the candidate is far behind', note('db-1', (n) => (n.xlog_location = 1000)), 'PreconditionChanged', 'bytes behind'],
    ['the candidate does not say where it is', note('db-1', (n) => delete n.xlog_location), 'Unsupported', 'nothing says'],
    ['its note is no JSON', (o) => void (pod(o, 'db-1').metadata.annotations!.status = '{'), 'PreconditionChanged', 'streaming'],
    ['its pods are being updated', (o) => void (o[0]!.status.updateRevision = 'b'), 'PreconditionChanged', 'being updated'],
    ['there is one replica less than two', (o) => void (o[0]!.spec.replicas = 1), 'PreconditionChanged', 'single instance'],
  ];
  it.each(refused)('is refused when %s', (what, spoil, code, text) => {
    const objects = patroni();
    spoil(objects);
    const params = what === 'the candidate is the leader' ? { ...PATRONI, candidate: 'db-0' } : PATRONI;
    expect(() => planned(objects, params)).toThrow(refusal(code, text));
  });

  it('knows the labels and words of version 4', () => {
    const objects = patroni();
    for (const [name, role, state] of [['db-0', 'primary', 'running'], ['db-1', 'replica', 'streaming'], ['db-2', 'sync_standby', 'streaming']] as const) {
      const { metadata } = pod(objects, name);
      metadata.labels = { app: 'db', role: role === 'primary' ? 'primary' : 'replica' };
      note(name, (n) => Object.assign(n, { role, state }))(objects);
    }
    expect(planned(objects, PATRONI).changes).toHaveLength(1);
  });
});

/** What the operator makes of a target: everybody follows it, on a new timeline. */
function switched(objects: KubeObject[], to: string, status: object = {}): KubeObject[] {
  return objects.map((o) => {
    if (o.kind === 'Cluster') {
      const states = Object.fromEntries((o.status.instanceNames as string[]).map((n) => [n, { isPrimary: n === to, timeLineID: 4 }]));
      return { ...o, status: { ...o.status, currentPrimary: to, targetPrimary: to, timelineID: 4, phase: 'Cluster in healthy state', instancesReportedState: states, ...status } };
    }
    const role = o.metadata.name === to ? 'primary' : 'replica';
    return o.kind === 'Pod' ? { ...o, metadata: { ...o.metadata, labels: { ...o.metadata.labels, 'cnpg.io/instanceRole': role } } } : o;
  });
}

const fresh = (): KubeObject[] => {
  const objects = cnpg();
  for (const name of ['pg-2', 'pg-3']) pod(objects, name).metadata.annotations!['kubernaut.io/replication'] = noteOf({ at: new Date().toISOString() });
  return objects;
};

function stepOf(more: Partial<Step> = {}): Step {
  const { changes, undo, parameters, summary } = planned(cnpg());
  return {
    ordinal: 0, action: 'failover_database', target: { cluster: 'test', apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', namespace: 'shop', name: 'pg', uid: 'uid-cluster-pg' },
    parameters: parameters!, tier: 3, summary, reason: 'x', changes, undo: undo!, timeoutS: 5, isWriting: true, ...more,
  };
}

const run = (cluster: MemoryCluster, mode: 'apply' | 'undo', step = stepOf()) =>
  act(createExecute({ cluster: () => cluster, actions, clock: { now: () => NOW }, settleMs: 50 }), { step, actionId: 'remediation/x/0', mode });

describe('carrying it out', () => {
  it('waits until the candidate leads and somebody follows', async () => {
    const cluster = memoryCluster(fresh());
    cluster.onApply = () => void setTimeout(() => cluster.set(switched(cluster.objects, 'pg-2')), 50);
    await expect(run(cluster, 'apply')).resolves.toMatchObject({ status: 'applied', detail: 'pg-2 leads, 2 of 2 replicas follow' });
  });

  it('is done when the candidate is the target already, whatever else moved on', async () => {
    const cluster = memoryCluster(switched(fresh(), 'pg-2'));
    await expect(run(cluster, 'apply')).resolves.toMatchObject({ status: 'already_applied' });
  });

  it('looks at the candidate once more right before the write', async () => {
    const objects = fresh();
    pod(objects, 'pg-2').metadata.annotations!['kubernaut.io/replication'] = noteOf({ at: new Date().toISOString(), lagBytes: 5_000_000 });
    await expect(run(memoryCluster(objects), 'apply')).rejects.toEqual(refusal('PreconditionChanged', '5000000 bytes behind, more than 1048576 since the plan'));
  });

  it('gives up when somebody else leads in the end', async () => {
    const cluster = memoryCluster(fresh());
    cluster.onApply = () => void setTimeout(() => cluster.set(switched(cluster.objects, 'pg-3')), 50);
    await expect(run(cluster, 'apply')).rejects.toEqual(refusal('ConvergeFailed', 'pg-3 leads instead of pg-2'));
  });

  it('is not written over a third target', async () => {
    await expect(run(memoryCluster(switched(fresh(), 'pg-3')), 'apply')).rejects.toEqual(refusal('PreconditionChanged', ''));
  });

  it('waits with the way back until the old primary streams', async () => {
    const cluster = memoryCluster(switched(fresh(), 'pg-2', { phase: 'Waiting for the instances to become active', instancesStatus: { healthy: ['pg-2', 'pg-3'] } }));
    const undone = run(cluster, 'undo');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(cluster.asked).toEqual([]);
    cluster.set(switched(fresh(), 'pg-2'));
    await expect(undone).resolves.toMatchObject({ status: 'applied' });
    expect(cluster.objects[0]!.status.targetPrimary).toBe('pg-1');
  });

  it('leaves the way back to a person when the old primary does not come back in time', async () => {
    const cluster = memoryCluster(switched(fresh(), 'pg-2').filter((o) => !(o.kind === 'Pod' && o.metadata.name === 'pg-1')));
    await expect(run(cluster, 'undo', stepOf({ timeoutS: 2 }))).rejects.toEqual(refusal('InverseUnavailable', 'pg-1 cannot lead again yet: it has no pod'));
  }, 20_000);

  it('does not switch back over a third primary, and has nothing to do when the first one leads again', async () => {
    await expect(run(memoryCluster(switched(fresh(), 'pg-3')), 'undo')).rejects.toEqual(refusal('Drifted', ''));
    await expect(run(memoryCluster(fresh()), 'undo')).resolves.toMatchObject({ status: 'already_applied' });
  });

  it('does not count as served while the write service points elsewhere', () => {
    const service: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'pg-rw', namespace: 'shop' }, spec: {} };
    const slice = (name: string): KubeObject => ({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 's', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'pg-rw' } }, endpoints: [{ conditions: { ready: true }, targetRef: { kind: 'Pod', name } }] });
    const { parameters, target, changes } = stepOf();
    const progress = (to: string) => failoverDatabase.verify(worldOf([...switched(fresh(), 'pg-2'), service, slice(to)]), parameters as never, target, { changes }).state;
    expect([progress('pg-1'), progress('pg-2')]).toEqual(['waiting', 'reached']);
  });
});
