import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ControlPlane } from '../../sandbox/launch/control-plane.js';
import { snapshotErrorAnnotation } from '../../sandbox/operators/volume-snapshots.js';
import { kubeClientOf, type KubeClient } from '../../sandbox/simulator/kube-client.js';
import { startSimulator, type Simulator } from '../../sandbox/simulator/simulator.js';
import { startTestControlPlane } from '../support/servers.js';

let plane: ControlPlane;
let simulator: Simulator;
let admin: KubeClient;
const errors: unknown[] = [];

const start = () => startSimulator({ kubeconfig: plane.simulatorKubeconfig, certFile: join(plane.pkiDir, 'server.crt'), keyFile: join(plane.pkiDir, 'server.key'), onError: (e) => errors.push(e) });

beforeAll(async () => {
  plane = await startTestControlPlane();
  simulator = await start();
  admin = kubeClientOf(plane.kubeconfig);
}, 600_000);

afterAll(async () => {
  admin?.close();
  await simulator?.stop();
  await plane?.stop();
}, 60_000);

async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (let n = 0; n < 150; n++) {
    const found = await look().catch(() => undefined);
    if (found) return found;
    await sleep(100);
  }
  throw new Error('it did not come');
}

const snapshots = '/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots';

describe('operators played by the simulator', () => {
  it('serve their APIs and defaults by the time the simulator has started', async () => {
    const { items } = await admin.request<{ items: { metadata: { name: string }; driver: string }[] }>('GET', '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses');
    const { provisioner } = await admin.request<{ provisioner: string }>('GET', '/apis/storage.k8s.io/v1/storageclasses/standard');
    expect(items.map((i) => [i.metadata.name, i.driver])).toEqual([['sandbox', provisioner], ['sandbox-retain', provisioner]]);
  });

  it.each([
    ['a bound claim makes the snapshot ready, with what is behind it', {}, { readyToUse: true, restoreSize: '1Gi', boundVolumeSnapshotContentName: expect.stringMatching(/^snapcontent-/), creationTime: expect.any(String) }],
    ['a sick driver says why not', { [snapshotErrorAnnotation]: 'out of space' }, { readyToUse: false, error: { message: 'Failed to create snapshot: out of space', time: expect.any(String) } }],
  ])('%s', async (title, annotations, status) => {
    const name = title.includes('sick') ? 'sick' : 'fine';
    await admin.request('POST', '/api/v1/namespaces/default/persistentvolumeclaims', {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, annotations }, spec: { storageClassName: 'standard', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    await eventually(async () => (await admin.request<{ status: { phase: string } }>('GET', `/api/v1/namespaces/default/persistentvolumeclaims/${name}`)).status.phase === 'Bound');
    await admin.request('POST', snapshots, { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name }, spec: { volumeSnapshotClassName: 'sandbox', source: { persistentVolumeClaimName: name } } });
    const seen = await eventually(async () => (await admin.request<{ status?: { readyToUse?: boolean } }>('GET', `${snapshots}/${name}`)).status);
    expect(seen).toEqual(status);
    await admin.request('DELETE', `${snapshots}/${name}`);
    await eventually(() => admin.request('GET', `${snapshots}/${name}`).then(() => false, () => true));
  }, 60_000);

  it('come back on the same data', async () => {
    await simulator.stop();
    simulator = await start();
    await expect(admin.request('GET', snapshots)).resolves.toMatchObject({ items: [] });
    expect(errors).toEqual([]);
  }, 60_000);
});
