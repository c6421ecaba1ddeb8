import type { KubeObject } from '../../../src/domain/kube.js';
import { CNPG_APIS, cnpgCluster, cnpgParts, patroniParts, patroniSet } from '../databases-in-kubernetes.js';
import type { ActionCase, Refusal, Scene } from './action-case.js';
import { clusterPath, clusterRef, healthyDatabase, podIn, SOON } from './databases.js';
import { objectIn } from './stage.js';

const clusterIn = (objects: KubeObject[], { ref }: Scene): KubeObject => objectIn(objects, ref);
const status = (change: (s: any) => void): Refusal['spoil'] => (objects, scene) => void change(clusterIn(objects, scene).status);
const pod = (name: string, change: (p: KubeObject) => void): Refusal['spoil'] => (objects, { ref }) => void change(podIn(objects, ref.namespace, name));
const note = (more: object): Refusal['spoil'] =>
  pod('pg-2', (p) => void (p.metadata.annotations!['kubernaut.io/replication'] = JSON.stringify({ state: 'streaming', lagBytes: 0, lagSeconds: 0, at: new Date().toISOString(), ...more })));
const unready = (p: KubeObject): void => void p.status.conditions.forEach((c: { type: string; status: string }) => c.type === 'Ready' && (c.status = 'False'));
const limits = (more: object): Refusal['policy'] => () => ({ actions: { failover_database: { minInterval: '0s', ...more } } });

const refusals: Refusal[] = [
  { when: 'CloudNativePG is not served', code: 'Unsupported', apis: [] },
  { when: 'the candidate is the primary', code: 'InvalidParams', params: () => ({ candidate: 'pg-1' }) },
  { when: 'the candidate is unknown', code: 'InvalidParams', params: () => ({ candidate: 'pg-9' }) },
  { when: 'the candidate is "any" instance', code: 'InvalidParams', params: () => ({ candidate: 'any' }) },
  { when: 'it shall be forced', code: 'InvalidParams', params: () => ({ force: true }) },
  { when: 'there is a single instance', code: 'PreconditionChanged', spoil: (objects, scene) => void (clusterIn(objects, scene).spec.instances = 1) },
  { when: 'the candidate is fenced', code: 'PreconditionChanged', spoil: (objects, scene) => void (clusterIn(objects, scene).metadata.annotations = { 'cnpg.io/fencedInstances': '["pg-2"]' }) },
  { when: 'everything is fenced', code: 'PreconditionChanged', spoil: (objects, scene) => void (clusterIn(objects, scene).metadata.annotations = { 'cnpg.io/fencedInstances': '["*"]' }) },
  { when: 'the candidate is not Ready', code: 'PreconditionChanged', spoil: pod('pg-2', unready) },
  { when: 'the candidate is going away', code: 'PreconditionChanged', spoil: pod('pg-2', (p) => void (p.metadata.deletionTimestamp = '2026-03-01T12:00:00Z')) },
  { when: 'its operator does not call the candidate healthy', code: 'PreconditionChanged', spoil: status((s) => void (s.instancesStatus.healthy = ['pg-1', 'pg-3'])) },
  { when: 'the candidate does not stream', code: 'PreconditionChanged', spoil: note({ state: 'startup' }) },
  { when: 'the candidate is on another timeline', code: 'PreconditionChanged', spoil: status((s) => void (s.instancesReportedState['pg-2'].timeLineID = 7)) },
  { when: 'nobody knows the timeline of the candidate', code: 'PreconditionChanged', spoil: status((s) => void delete s.instancesReportedState['pg-2']) },
  { when: 'the candidate is a byte too far behind', code: 'PreconditionChanged', spoil: note({ lagBytes: 1_048_577 }) },
  { when: 'the candidate is 11 s behind', code: 'PreconditionChanged', spoil: note({ lagSeconds: 11 }) },
  { when: 'the policy allows less lag than there is', code: 'PreconditionChanged', spoil: note({ lagBytes: 2000 }), policy: limits({ maxLagBytes: 1000 }) },
  { when: 'nothing says how far behind the candidate is', code: 'Unsupported', spoil: pod('pg-2', (p) => void delete p.metadata.annotations!['kubernaut.io/replication']) },
  { when: 'what says it is two minutes old', code: 'Unsupported', spoil: note({ at: new Date(Date.now() - 120_000).toISOString() }) },
  { when: 'the primary was chosen a moment ago', code: 'PreconditionChanged', policy: () => ({ actions: {} }) },
  { when: 'the primary is dead: its operator acts', code: 'PreconditionChanged', spoil: pod('pg-1', unready) },
  { when: 'two instances lead', code: 'PreconditionChanged', spoil: pod('pg-3', (p) => void (p.metadata.labels!['cnpg.io/instanceRole'] = 'primary')) },
  { when: 'a switchover runs', code: 'PreconditionChanged', spoil: status((s) => void (s.targetPrimary = 'pg-3')) },
  { when: 'an upgrade runs', code: 'PreconditionChanged', spoil: status((s) => void (s.phase = 'Upgrading cluster')) },
  { when: 'an instance is missing', code: 'PreconditionChanged', spoil: status((s) => void (s.phase = 'Waiting for the instances to become active')) },
  { when: 'it follows another cluster', code: 'PreconditionChanged', spoil: (objects, scene) => void (clusterIn(objects, scene).spec.replica = { enabled: true }) },
  {
    when: 'a backup runs', code: 'PreconditionChanged',
    spoil: (objects, { ref }) => [...objects, { apiVersion: ref.apiVersion, kind: 'Backup', metadata: { name: 'b', namespace: ref.namespace!, uid: 'b' }, spec: { cluster: { name: 'pg' } }, status: { phase: 'running' } }],
  },
  { when: 'it is of another namespace', code: 'NotGrounded', params: () => ({ namespace: 'elsewhere' }) },
  { when: 'it is another kind', code: 'NotGrounded', params: () => ({ kind: 'StatefulSet' }) },
];

export const failoverDatabase: ActionCase = {
  fixture: {
    object: cnpgCluster(), others: cnpgParts(), params: { namespace: 'shop', cluster: 'pg', candidate: 'pg-2' }, apis: CNPG_APIS,
    satisfied: 'a candidate that leads already is refused; a repeat of the same action finds the target it set',
  },
  live: [
    {
      async prepare(stage) {
        const ns = await healthyDatabase(stage);
        return {
          ref: clusterRef(ns),
          params: { namespace: ns, cluster: 'pg', candidate: 'pg-2' },
          policy: SOON,
          writes: ['patch clusters/status'],
          picture: (o) => o.status?.targetPrimary,
          edit: () => stage.person(`${clusterPath(ns)}/status`, { status: { targetPrimary: 'pg-3', targetPrimaryTimestamp: new Date().toISOString(), phase: 'Switchover in progress' } }),
        };
      },
      refusals,
    },
  ],
};

/** The same action on Patroni, for the suites in memory. */
export const patroniFixture = { object: patroniSet(), others: patroniParts(), params: { namespace: 'shop', cluster: 'db', kind: 'StatefulSet', candidate: 'db-1' } };
