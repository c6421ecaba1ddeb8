import { podsOf, refOf, type KubeObject } from '../../../src/domain/kube.js';
import { deploymentOf, podOf, quotaOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase, Refusal } from './action-case.js';
import { isAvailable, objectIn, type Stage } from './stage.js';

const deployment = deploymentOf('api');
const set = replicaSetOf(deployment, 1, { available: 2, replicas: 2, spec: { selector: { matchLabels: { app: 'api', 'pod-template-hash': 'hash1' } } } });
const labels = { app: 'api', 'pod-template-hash': 'hash1' };
const pod = podOf('api-1', { owner: set, labels });

export const serviceOf = (ns: string, name: string, port: number): KubeObject => ({
  apiVersion: 'v1', kind: 'Service', metadata: { namespace: ns, name }, spec: { selector: { app: name }, ports: [{ port }] },
});

/** Lists so many Ready addresses. */
export const served = (ns: string, service: string, count: number) => (w: Parameters<Parameters<Stage['seen']>[0]>[0]) =>
  w.list('EndpointSlice', ns).filter((s) => s.metadata.labels?.['kubernetes.io/service-name'] === service).flatMap((s) => (s as { endpoints?: object[] }).endpoints ?? []).length === count;

const owner = (objects: KubeObject[], o: KubeObject, kind: string) => void (objects.find((x) => x.metadata.uid === o.metadata.uid)!.metadata.ownerReferences![0]!.kind = kind);

const refusals: Refusal[] = [
  { when: 'it is a StatefulSet member', code: 'PreconditionChanged', spoil: (objects, { ref }) => owner(objects, objectIn(objects, ref), 'StatefulSet') },
  { when: 'it is of a DaemonSet', code: 'PreconditionChanged', spoil: (objects, { ref }) => owner(objects, objectIn(objects, ref), 'DaemonSet') },
  { when: 'it is of a Job', code: 'PreconditionChanged', spoil: (objects, { ref }) => owner(objects, objectIn(objects, ref), 'Job') },
  { when: 'nothing would replace it', code: 'PreconditionChanged', spoil: (objects, { ref }) => void delete objectIn(objects, ref).metadata.ownerReferences },
  { when: 'its kubelet runs it from a file', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).metadata.annotations = { 'kubernetes.io/config.mirror': 'x' }) },
  { when: 'it uses the network of its node', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).spec.hostNetwork = true) },
  { when: 'it has finished', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).status.phase = 'Succeeded') },
  {
    when: 'no other pod is Ready', code: 'PreconditionChanged',
    spoil: (objects, { ref }) => void objects.filter((o) => o.kind === 'Pod' && o.metadata.namespace === ref.namespace && o.metadata.name !== ref.name).forEach((o) => (o.status.conditions = [])),
  },
  { when: 'no node has room for the replacement', code: 'PreconditionChanged', spoil: (objects) => void objects.filter((o) => o.kind === 'Node').forEach((o) => (o.spec.unschedulable = true)) },
  { when: 'the quota has no room for the replacement', code: 'QuotaExceeded', spoil: (objects, { ref }) => [...objects, { ...quotaOf({ pods: '2' }, { pods: '2' }), metadata: { name: 'quota', namespace: ref.namespace!, uid: 'q' } }] },
  {
    when: 'another pod of the workload was quarantined within the hour', code: 'PolicyDenied',
    spoil: (objects, { ref }) => {
      const one = structuredClone(objectIn(objects, ref));
      Object.assign(one.metadata, { name: 'held', uid: 'held', ownerReferences: [], labels: { 'kubernaut.io/quarantine': 'x' }, annotations: { 'kubernaut.io/quarantined-from': 'Deployment/api', 'kubernaut.io/quarantined-at': new Date().toISOString() } });
      return [...objects, one];
    },
  },
  {
    when: 'the history tells of one within the hour', code: 'PolicyDenied',
    history: [{ remediationId: 'r', action: 'quarantine_pod', target: { cluster: 'test', apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' }, at: new Date().toISOString(), wasUndone: false, wrote: [] }],
  },
  {
    when: 'another controller would claim it', code: 'PreconditionChanged',
    spoil: (objects, { ref }) => [...objects, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'greedy', namespace: ref.namespace!, uid: 'greedy' }, spec: { selector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } } }],
  },
];

export const quarantinePod: ActionCase = {
  fixture: {
    object: pod, others: [set, deployment, podOf('api-2', { owner: set, labels }), ...threeNodes()], params: { namespace: 'shop', pod: 'api-1' },
    satisfied: { object: podOf('api-1', { labels: { 'kubernaut.io/quarantine': 'abc' } }) },
  },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.create(serviceOf(ns, 'api', 8080));
        await stage.deploy(ns);
        const top = await stage.seen(isAvailable(ns, 2));
        await stage.seen(served(ns, 'api', 2));
        const one = podsOf(stage.cluster.world(), top)[0]!;
        const path = `/api/v1/namespaces/${ns}/pods/${one.metadata.name}`;
        return {
          ref: refOf(one), params: { namespace: ns, pod: one.metadata.name }, writes: ['create networkpolicies', 'patch pods'], isUsedUp: true,
          picture: (o) => o.metadata.labels,
          edit: () => stage.person(path, { metadata: { labels: { app: 'somebody-took-it' } } }),
        };
      },
      refusals,
    },
  ],
};
