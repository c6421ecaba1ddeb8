import type { KubeObject } from '../../../src/domain/kube.js';
import { checkJob, CNPG_APIS, cnpgBackup, cnpgCluster, cnpgParts, standardClass } from '../databases-in-kubernetes.js';
import type { ActionCase, LiveCase, Refusal } from './action-case.js';
import { clusterRef, healthyDatabase, podIn } from './databases.js';
import { objectIn } from './stage.js';

const of = (kind: string) => (objects: KubeObject[], ns: string | undefined) => objects.filter((o) => o.kind === kind && o.metadata.namespace === ns);
const backupsIn = of('Backup');
const claimsIn = of('PersistentVolumeClaim');
const unready = (p: KubeObject): void => void p.status.conditions.forEach((c: { type: string; status: string }) => c.type === 'Ready' && (c.status = 'False'));
const without = (gone: (o: KubeObject) => boolean): Refusal['spoil'] => (objects, { ref }) => objects.filter((o) => !(o.metadata.namespace === ref.namespace && gone(o)));

const recloneRefusals: Refusal[] = [
  { when: 'CloudNativePG is not served', code: 'Unsupported', apis: [] },
  { when: 'no member is named', code: 'InvalidParams', params: () => ({ member: undefined }) },
  { when: 'the member is the primary', code: 'InvalidParams', params: () => ({ member: 'pg-1' }) },
  { when: 'the member is unknown', code: 'InvalidParams', params: () => ({ member: 'pg-9' }) },
  { when: 'two members are named', code: 'InvalidParams', params: () => ({ member: 'pg-2,pg-3' }) },
  { when: 'a list of members is given', code: 'InvalidParams', params: () => ({ member: ['pg-2', 'pg-3'] }) },
  { when: 'SQL is given', code: 'InvalidParams', params: () => ({ sql: 'REINDEX DATABASE app' }) },
  { when: 'damaged pages shall be zeroed', code: 'InvalidParams', params: () => ({ zeroDamagedPages: true }) },
  { when: 'the write-ahead log shall be reset', code: 'InvalidParams', params: () => ({ mode: 'reset_wal' }) },
  { when: 'the primary is not Ready', code: 'PreconditionChanged', spoil: (objects, { ref }) => unready(podIn(objects, ref.namespace, 'pg-1')) },
  { when: 'the primary is fenced', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).metadata.annotations = { 'cnpg.io/fencedInstances': '["pg-1"]' }) },
  { when: 'the other replica is not Ready', code: 'PreconditionChanged', spoil: (objects, { ref }) => unready(podIn(objects, ref.namespace, 'pg-2')) },
  { when: 'the other replica is on another timeline', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).status.instancesReportedState['pg-2'].timeLineID = 9) },
  { when: 'a switchover runs', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).status.targetPrimary = 'pg-2') },
  { when: 'another replica is being made', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).status.phase = 'Creating a new replica') },
  { when: 'a backup runs', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (backupsIn(objects, ref.namespace)[0]!.status.phase = 'running') },
  {
    when: 'there is no backup', code: 'PreconditionChanged',
    spoil: (objects, { ref }) => { delete objectIn(objects, ref).status.lastSuccessfulBackupByMethod; return objects.filter((o) => o.kind !== 'Backup'); },
  },
  {
    when: 'the backup is 25 hours old', code: 'PreconditionChanged',
    spoil: (objects, { ref }) => {
      delete objectIn(objects, ref).status.lastSuccessfulBackupByMethod;
      backupsIn(objects, ref.namespace)[0]!.status.stoppedAt = new Date(Date.now() - 25 * 3_600_000).toISOString();
    },
  },
  { when: 'the claim of the member was not read', code: 'PreconditionChanged', spoil: without((o) => o.kind === 'PersistentVolumeClaim' && o.metadata.name === 'pg-3') },
  { when: 'the claim of the member is going away', code: 'PreconditionChanged', spoil: (objects, { ref }) => void claimsIn(objects, ref.namespace).forEach((c) => c.metadata.name === 'pg-3' && (c.metadata.deletionTimestamp = '2026-03-01T12:00:00Z')) },
  { when: 'the member has no pod', code: 'PreconditionChanged', spoil: without((o) => o.kind === 'Pod' && o.metadata.name === 'pg-3') },
  { when: 'the storage class is gone', code: 'PreconditionChanged', spoil: (objects) => objects.filter((o) => o.kind !== 'StorageClass') },
  { when: 'the claim is smaller than that of the primary', code: 'PreconditionChanged', spoil: (objects, { ref }) => void claimsIn(objects, ref.namespace).forEach((c) => c.metadata.name === 'pg-1' && (c.spec.resources.requests.storage = '2Gi')) },
  { when: 'a base backup would take longer than we may watch', code: 'PreconditionChanged', spoil: (objects, { ref }) => void claimsIn(objects, ref.namespace).forEach((c) => (c.spec.resources.requests.storage = '900Gi')) },
  { when: 'it is of another namespace', code: 'NotGrounded', params: () => ({ namespace: 'elsewhere' }) },
];

const reclone: LiveCase = {
  async prepare(stage) {
    const ns = await healthyDatabase(stage);
    await stage.create({ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Backup', metadata: { namespace: ns, name: 'nightly' }, spec: { cluster: { name: 'pg' }, method: 'volumeSnapshot' } });
    await stage.seen((w) => w.get('Backup', ns, 'nightly')?.status?.phase === 'completed' && w.get('Cluster', ns, 'pg')?.status?.phase === 'Cluster in healthy state');
    return {
      ref: clusterRef(ns),
      params: { namespace: ns, cluster: 'pg', mode: 'reclone_replica', member: 'pg-3' },
      writes: ['delete persistentvolumeclaims', 'delete pods'],
      picture: (o) => o.spec,
      isUsedUp: true,
    };
  },
  refusals: recloneRefusals,
};

const hooks = { actions: { repair_database: { hookConfigMap: 'kubernaut-hooks' } } };

const hook = (change: (spec: any) => void): Refusal['spoil'] => (objects, { ref }) => {
  const job = JSON.parse(checkJob) as KubeObject;
  change(job.spec.template.spec);
  objects.find((o) => o.kind === 'ConfigMap' && o.metadata.namespace === ref.namespace)!.data['check.json'] = JSON.stringify(job);
};

const checkRefusals: Refusal[] = [
  { when: 'the policy names no hook', code: 'Unsupported', policy: () => ({ actions: {} }) },
  { when: 'the hook does not exist', code: 'Unsupported', spoil: (objects) => objects.filter((o) => o.kind !== 'ConfigMap') },
  { when: 'the hook is no Job', code: 'Unsupported', spoil: (objects) => void objects.filter((o) => o.kind === 'ConfigMap').forEach((o) => (o.data = { 'check.json': 'vacuum full' })) },
  { when: 'the hook reaches for its node', code: 'PolicyDenied', spoil: hook((spec) => void (spec.hostNetwork = true)) },
  { when: 'a member is named', code: 'InvalidParams', params: () => ({ member: 'pg-3' }) },
  { when: 'a command is given', code: 'InvalidParams', params: () => ({ command: 'pg_amcheck' }) },
  { when: 'nobody leads', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (podIn(objects, ref.namespace, 'pg-1').metadata.labels!['cnpg.io/instanceRole'] = 'replica') },
  { when: 'the primary is not Ready', code: 'PreconditionChanged', spoil: (objects, { ref }) => unready(podIn(objects, ref.namespace, 'pg-1')) },
];

const check: LiveCase = {
  name: 'check',
  async prepare(stage) {
    const ns = await healthyDatabase(stage);
    await stage.images(ns, '  - { image: "tools/amcheck:1", exit: { code: 0, after: 300ms } }\n');
    await stage.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: ns, name: 'kubernaut-hooks' }, data: { 'check.json': checkJob } });
    const hook = await stage.admin.request<KubeObject>('GET', `/api/v1/namespaces/${ns}/configmaps/kubernaut-hooks`);
    return { ref: clusterRef(ns), params: { namespace: ns, cluster: 'pg', mode: 'check' }, policy: hooks, extras: [hook], writes: ['create jobs'], picture: (o) => o.spec };
  },
  refusals: checkRefusals,
};

export const repairDatabase: ActionCase = {
  fixture: {
    object: cnpgCluster(), others: [...cnpgParts(), cnpgBackup(), standardClass()], params: { namespace: 'shop', cluster: 'pg', mode: 'reclone_replica', member: 'pg-3' }, apis: CNPG_APIS,
    satisfied: 'each re-clone throws data away anew; a repeat of the same action finds the claim gone and only waits',
  },
  live: [reclone, check],
};
