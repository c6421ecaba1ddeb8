import { expect, it } from '@jest/globals';
import type { Change } from '../../domain/change.js';
import { KubernautError } from '../../domain/errors.js';
import type { KubeObject } from '../../domain/kube.js';
import type { Writer } from './write.js';
import { writeEdit } from './write-edit.js';

const CHANGE: Extract<Change, { op: 'edit' }> = {
  op: 'edit',
  ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' },
  uid: 'u1',
  edits: [{ path: ['spec', 'replicas'], before: 2, after: 3 }],
};

const atVersion = (resourceVersion: number, replicas = 2): KubeObject =>
  ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: 'shop', name: 'api', uid: 'u1', resourceVersion: String(resourceVersion) }, spec: { replicas } }) as KubeObject;

/** A server that refuses every patch with 422, over an object whose versions are read one after the other. */
function refusing(versions: KubeObject[], isDryRun: boolean) {
  const sent: unknown[] = [];
  const writer = {
    rest: {
      pathOf: () => Promise.resolve('/apis/apps/v1/namespaces/shop/deployments/api'),
      send: (request: unknown) => (sent.push(request), Promise.reject(new KubernautError('AdmissionDenied', 'refused by the server; look'))),
    },
    options: { isDryRun },
    userAgent: 'kubernaut/test',
    read: () => Promise.resolve(versions.length > 1 ? versions.shift() : versions[0]),
    world: () => ({ list: () => [] }),
  } as unknown as Writer;
  return { writer, sent };
}

it.each([
  { named: 'a dry run that a controller overtakes twice', isDryRun: true, versions: [1, 2, 3], code: 'ConflictTransient', requests: 2 },
  { named: 'a write that is overtaken', isDryRun: false, versions: [1, 2], code: 'ConflictTransient', requests: 1 },
  { named: 'a dry run over a stale cache that is then really refused', isDryRun: true, versions: [1, 2, 2], code: 'AdmissionDenied', requests: 2 },
  { named: 'a write that is really refused', isDryRun: false, versions: [1, 1], code: 'AdmissionDenied', requests: 1 },
])('$named is $code after $requests request(s)', async ({ isDryRun, versions, code, requests }) => {
  const { writer, sent } = refusing(versions.map((v) => atVersion(v)), isDryRun);
  await expect(writeEdit(writer, CHANGE)).rejects.toEqual(expect.objectContaining({ code }));
  expect(sent).toHaveLength(requests);
});
