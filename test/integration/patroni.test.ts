import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { patroniControl } from '../../src/adapters/patroni/control.js';
import type { DatabaseControl } from '../../src/domain/ports.js';
import type { Step } from '../../src/domain/plan.js';
import { act, attempt } from '../support/act.js';
import { openStage, type Stage } from '../support/actions/stage.js';
import { startPatroni, type PatroniServer } from '../support/patroni-server.js';

let stage: Stage;
let patroni: PatroniServer;
let ns: string;
let published: Promise<unknown> = Promise.resolve();

/** The sandbox's pods have addresses that nobody answers at: the answering ones are put in their place, after the product looked them up. */
const databases: DatabaseControl = {
  call: (call) => patroniControl({ port: patroni.port }).call({ ...call, addressOf: async (member) => (await call.addressOf(member), patroni.addressOf(member)) }),
};

/** As Patroni does in each turn of its loop: role label and note on every pod. */
async function publish(): Promise<void> {
  for (const { name, state, timeline, received } of patroni.members) {
    const role = name === patroni.leader ? 'master' : 'replica';
    const status = JSON.stringify({ conn_url: 'postgres://10.0.0.1:5432/postgres', api_url: 'http://10.0.0.1:8008/patroni', state, role, version: '3.3.2', xlog_location: received, timeline });
    await stage.person(`/api/v1/namespaces/${ns}/pods/${name}`, { metadata: { labels: { 'spilo-role': role }, annotations: { status } } });
  }
}

/** A member that is re-cloned is back a moment later. */
function onChange(): void {
  published = published.then(publish).then(async () => {
    const copying = patroni.members.filter((m) => m.state === 'creating replica');
    if (copying.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const m of copying) Object.assign(m, { state: 'running', lag: 0, timeline: patroni.members[0]!.timeline, startedAt: new Date().toISOString() });
    await publish();
  });
}

const statefulSet = () => ({
  apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { namespace: ns, name: 'db', annotations: { 'kubernaut.io/backup-verified-at': new Date().toISOString() } },
  spec: {
    serviceName: 'db', replicas: 3, podManagementPolicy: 'Parallel', selector: { matchLabels: { application: 'spilo', 'cluster-name': 'db' } },
    template: {
      metadata: { labels: { application: 'spilo', 'cluster-name': 'db' } },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'postgres', image: 'spilo:16', volumeMounts: [{ name: 'pgdata', mountPath: '/home/postgres/pgdata' }] }] },
    },
    volumeClaimTemplates: [{ metadata: { name: 'pgdata' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'standard', resources: { requests: { storage: '1Gi' } } } }],
  },
});

const ref = () => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: ns, name: 'db' });
const rejection = (code: string, text = '') => expect.objectContaining({ code, message: expect.stringContaining(text) });

function planned(action: string, more: object, actionId: string): Step {
  return stage.planned({ action, actionId, ref: ref(), params: { namespace: ns, cluster: 'db', kind: 'StatefulSet', ...more } });
}

beforeAll(async () => {
  stage = await openStage({ databases });
}, 600_000);
afterAll(() => stage?.stop(), 60_000);

describe.each([
  ['failover_database', { candidate: 'db-1' }, 'switchover db-0 db-1'],
  ['repair_database', { mode: 'reclone_replica', member: 'db-2' }, 'reinitialize db-2'],
])('%s on Patroni, beside a real API server', (action, more, done) => {
  let step: Step;
  let actionId: string;
  const run = (mode: 'apply' | 'undo' = 'apply') => act(stage.execute, { step, actionId, mode });

  beforeEach(async () => {
    patroni = await startPatroni();
    ns = await stage.namespace();
    await stage.create(statefulSet());
    await stage.seen((w) => w.get('StatefulSet', ns, 'db')?.status?.readyReplicas === 3);
    await publish();
    patroni.onChange = onChange;
    await stage.seen((w) => w.list('Pod', ns).filter((p) => p.metadata.annotations?.status !== undefined).length === 3);
    actionId = stage.newActionId();
    step = planned(action, more, actionId);
  }, 120_000);
  afterEach(async () => {
    await published;
    await patroni.stop();
    await stage.forget(ns);
  });

  it('leaves everything alone in a dry run', async () => {
    await expect(stage.cluster.apply(step.changes[0]!, { actionId, isDryRun: true })).resolves.toMatchObject({ status: 'dry_run' });
    expect(patroni.done).toEqual([]);
  }, 60_000);

  it('asks Patroni once and converges, writes nothing to Kubernetes, and changes nothing when it is repeated', async () => {
    await expect(run()).resolves.toMatchObject({ status: 'applied' });
    if (action === 'failover_database') await expect(run()).resolves.toMatchObject({ status: 'already_applied' });
    else await expect(run()).rejects.toEqual(rejection('PreconditionChanged', 'it may have been re-cloned already'));
    expect(patroni.done).toEqual([done]);
    expect(await stage.ledger(actionId)).toEqual([]);
  }, 120_000);

  it('is not done twice when the answer was lost', async () => {
    patroni.mishap = 'done and lost';
    await expect(attempt(stage.execute, { step, actionId, mode: 'apply' })).rejects.toEqual(rejection('OutcomeUnknown'));
    await expect(run()).resolves.toBeDefined();
    expect(patroni.done).toEqual([done]);
  }, 120_000);

  it('is not sent when somebody else moved the leader', async () => {
    patroni.leader = 'db-2';
    await expect(run()).rejects.toEqual(rejection('PreconditionChanged', 'db-2 leads'));
    expect(patroni.done).toEqual([]);
  }, 60_000);

  it('is not sent to another pod of the same name', async () => {
    const name = action === 'failover_database' ? 'db-0' : 'db-2';
    const { uid } = (await stage.live({ apiVersion: 'v1', kind: 'Pod', namespace: ns, name })).metadata;
    await stage.admin.request('DELETE', `/api/v1/namespaces/${ns}/pods/${name}`);
    await stage.seen((w) => { const p = w.get('Pod', ns, name); return p !== undefined && p.metadata.uid !== uid && p.status?.podIP !== undefined; });
    await expect(run()).rejects.toEqual(rejection('TargetReplaced'));
    expect(patroni.done).toEqual([]);
  }, 120_000);

  it('goes back where there is a way back, and not over somebody else', async () => {
    await run();
    if (action === 'repair_database') return expect(run('undo')).rejects.toEqual(rejection('InverseUnavailable'));
    await published;
    await expect(run('undo')).resolves.toMatchObject({ status: 'applied' });
    expect(patroni.done).toEqual(['switchover db-0 db-1', 'switchover db-1 db-0']);
    await published;
    patroni.leader = 'db-2';
    await publish();
    await stage.seen((w) => w.get('Pod', ns, 'db-2')?.metadata.labels?.['spilo-role'] === 'master');
    await expect(run('undo')).rejects.toEqual(rejection('Drifted', 'db-2 leads'));
  }, 120_000);
});
