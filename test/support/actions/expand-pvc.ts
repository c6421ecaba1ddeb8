import type { Problem } from '../../../src/domain/evidence.js';
import type { KubeObject } from '../../../src/domain/kube.js';
import { podOf, problemOf } from '../objects.js';
import type { ActionCase, Scene } from './action-case.js';
import { boundClaim, claimRef } from './backup-data.js';
import { claimOf, storageClassOf, volumeOf } from './claims.js';
import { objectIn } from './stage.js';

/** As kube-prometheus says it. */
export const fillingUp = (namespace = 'shop', o: Partial<Problem> = {}): Problem =>
  problemOf({
    alert: 'KubePersistentVolumeFillingUp', labels: { namespace, persistentvolumeclaim: 'data' },
    annotations: { description: 'The PersistentVolume claimed by data is only 5% free.' }, ...o,
  });

const claimIn = (objects: KubeObject[], { ref }: Scene): KubeObject => objectIn(objects, ref);
const classIn = (objects: KubeObject[], scene: Scene): KubeObject => objects.find((o) => o.kind === 'StorageClass' && o.metadata.name === claimIn(objects, scene).spec.storageClassName)!;
const volumeIn = (objects: KubeObject[], scene: Scene): KubeObject => objects.find((o) => o.kind === 'PersistentVolume' && o.spec.claimRef?.namespace === scene.ref.namespace)!;
const spoilClaim = (change: (claim: KubeObject) => unknown) => (objects: KubeObject[], scene: Scene): void => void change(claimIn(objects, scene));
const limits = (own: Record<string, unknown>) => () => ({ actions: { expand_pvc: own } });
const sized = (size: string) => () => ({ size });
const twoHoursAgo = (): string => new Date(Date.now() - 7_200_000).toISOString();
const resizedBy = (manager: string, time: string) => spoilClaim((claim) => {
  claim.metadata.creationTimestamp = '2025-03-01T12:00:00Z';
  claim.metadata.managedFields = [{ manager, operation: 'Update', time, fieldsV1: { 'f:spec': { 'f:resources': { 'f:requests': { 'f:storage': {} } } } } }];
});

export const expandPvc: ActionCase = {
  fixture: {
    object: claimOf(), others: [storageClassOf(), volumeOf()], params: { namespace: 'shop', pvc: 'data', size: '15Gi' }, problems: [fillingUp()],
    satisfied: 'a size that is there already is no growth: the row refuses equal sizes',
  },
  live: [
    {
      async prepare(stage) {
        const ns = await boundClaim(stage);
        return {
          ref: claimRef(ns), params: { namespace: ns, pvc: 'data', size: '15Gi' }, problems: [fillingUp(ns)],
          writes: ['patch persistentvolumeclaims'],
          picture: (o) => o.spec,
          edit: () => stage.person(`/api/v1/namespaces/${ns}/persistentvolumeclaims/data`, { spec: { resources: { requests: { storage: '18Gi' } } } }),
        };
      },
      refusals: [
        { when: 'the size is the same', code: 'InvalidParams', params: sized('10Gi') },
        { when: 'the size is smaller', code: 'InvalidParams', params: sized('9Gi') },
        { when: 'the size is more than twice', code: 'InvalidParams', params: sized('21Gi') },
        ...['150%', '15', '15360m', '15G', '1.5Ti', '-15Gi', '+5Gi', '15gi', '15 Gi', '', '0Gi', '\u0661\u0665Gi'].map((size) => ({ when: `the size is ${JSON.stringify(size)}`, code: 'InvalidParams' as const, params: sized(size) })),
        { when: 'several claims are named', code: 'InvalidParams', params: () => ({ pvc: ['data', 'more'] }) },
        { when: 'it is over the cap', code: 'InvalidParams', policy: limits({ maxSize: '12Gi' }) },
        { when: 'the cap is not readable', code: 'InvalidParams', policy: limits({ maxSize: 'lots' }) },
        { when: 'the claim is Pending', code: 'PreconditionChanged', spoil: spoilClaim((c) => (c.status.phase = 'Pending')) },
        { when: 'the claim is Lost', code: 'PreconditionChanged', spoil: spoilClaim((c) => (c.status.phase = 'Lost')) },
        { when: 'the claim is going away', code: 'PreconditionChanged', spoil: spoilClaim((c) => (c.metadata.deletionTimestamp = '2026-03-01T12:00:00Z')) },
        { when: 'its class is of fixed size', code: 'PreconditionChanged', spoil: (objects, scene) => void (classIn(objects, scene)['allowVolumeExpansion'] = false) },
        { when: 'its class is gone', code: 'PreconditionChanged', spoil: (objects, scene) => objects.filter((o) => o !== classIn(objects, scene)) },
        { when: 'a resize is under way', code: 'PreconditionChanged', spoil: spoilClaim((c) => (c.status.conditions = [{ type: 'Resizing', status: 'True' }])) },
        { when: 'a file system waits for its mount', code: 'PreconditionChanged', spoil: spoilClaim((c) => (c.status.conditions = [{ type: 'FileSystemResizePending', status: 'True' }])) },
        { when: 'more was asked for and is not there', code: 'PreconditionChanged', spoil: spoilClaim((c) => (c.spec.resources.requests.storage = '12Gi')) },
        { when: 'the driver reports on a resize', code: 'PreconditionChanged', spoil: spoilClaim((c) => (c.status.allocatedResourceStatuses = { storage: 'NodeResizePending' })) },
        { when: 'the claim belongs to an operator', code: 'PreconditionChanged', spoil: spoilClaim((c) => (c.metadata.ownerReferences = [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'orders', uid: 'x', controller: true }])) },
        {
          when: 'its pod belongs to an operator', code: 'PreconditionChanged',
          spoil: (objects, { ref }) => {
            const pod = podOf('orders-1', { namespace: ref.namespace!, spec: { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] } });
            pod.metadata.ownerReferences = [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'orders', uid: 'x', controller: true }];
            return [...objects, pod];
          },
        },
        { when: 'the file system cannot grow', code: 'Unsupported', spoil: (objects, scene) => void (volumeIn(objects, scene).spec.csi = { driver: 'x', fsType: 'btrfs' }) },
        {
          when: 'the quota of storage is used up', code: 'QuotaExceeded',
          spoil: (objects, { ref }) => [...objects, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: ref.namespace!, name: 'q', uid: 'q' }, status: { hard: { 'requests.storage': '12Gi' }, used: { 'requests.storage': '10Gi' } } }],
        },
        {
          when: 'the quota of its class is used up', code: 'QuotaExceeded',
          spoil: (objects, { ref }) => [
            ...objects,
            { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: ref.namespace!, name: 'q', uid: 'q' }, status: { hard: { 'standard.storageclass.storage.k8s.io/requests.storage': '12Gi' }, used: { 'standard.storageclass.storage.k8s.io/requests.storage': '10Gi' } } },
          ],
        },
        { when: 'its provider took a change two hours ago', code: 'PreconditionChanged', spoil: (objects, scene) => { volumeIn(objects, scene).spec.csi = { driver: 'ebs.csi.aws.com' }; resizedBy('a-person', twoHoursAgo())(objects, scene); }, policy: limits({ refillWindow: '1s' }) },
        { when: 'policy sets a longer pause between two changes', code: 'PreconditionChanged', spoil: resizedBy('kubernaut', twoHoursAgo()), policy: limits({ refillWindow: '1s', cooldown: '3h' }) },
        { when: 'it was resized two hours ago and is full again', code: 'PreconditionChanged', spoil: resizedBy('kubernaut', twoHoursAgo()) },
        { when: 'nothing says how full it is', code: 'PreconditionChanged', problems: [] },
        { when: 'the alert is over', code: 'PreconditionChanged', problems: [fillingUp('a', { status: 'resolved', labels: {} })] },
        { when: 'the alert is about another claim', code: 'PreconditionChanged', problems: [fillingUp('a', { labels: { persistentvolumeclaim: 'other' } })] },
        { when: 'the alert is about inodes', code: 'PreconditionChanged', problems: [fillingUp('a', { alert: 'KubePersistentVolumeInodesFillingUp', labels: {} })] },
        { when: 'less than 80 % is in use', code: 'PreconditionChanged', problems: [fillingUp('a', { labels: {}, annotations: { description: 'is only 25% free' } })] },
        { when: 'an alert of unknown threshold has no number', code: 'PreconditionChanged', problems: [fillingUp('a', { alert: 'OurVolumeIsFull', labels: {}, annotations: {} })] },
        { when: 'a person made it anew', code: 'NotGrounded', spoil: (objects, { ref }) => void (objectIn(objects, ref).metadata.name = 'other') },
      ],
    },
  ],
};
