import type { KubeObject } from '../../../src/domain/kube.js';
import { deploymentOf, problemOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase, Refusal } from './action-case.js';
import { breakNode, daemonSetPath, daemonSetRef, runDaemonSet, THEIRS } from './restart-daemonset.js';
import { deploymentPath, deploymentRef, isAvailable, objectIn, type Stage } from './stage.js';

const NS = 'kube-system';
const coredns = deploymentOf('coredns', { namespace: NS });

async function runDns(stage: Stage): Promise<void> {
  const labels = { 'k8s-app': 'kube-dns' };
  await stage.create({ apiVersion: 'v1', kind: 'Service', metadata: { namespace: NS, name: 'kube-dns' }, spec: { selector: labels, ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] } });
  await stage.create({
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: NS, name: 'coredns', labels },
    spec: {
      replicas: 2, strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } }, selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'coredns', image: 'registry.k8s.io/coredns/coredns:v1.11.3' }] } },
    },
  });
  await stage.seen(isAvailable(NS, 2, 'coredns'));
}

/** Gone from the cache as well: the next scene makes objects of the same names. */
async function remove(stage: Stage, ...paths: string[]): Promise<void> {
  await Promise.all(paths.map((path) => stage.admin.request('DELETE', path)));
  await stage.seen((w) => !w.get('Deployment', NS, 'coredns') && !w.get('DaemonSet', NS, 'calico-node') && !w.list('Pod', NS).some((p) => /^(coredns|calico-node)-/.test(p.metadata.name)));
}

const rolling: KubeObject = {
  apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace: NS, name: 'kube-proxy', uid: 'kp', generation: 2 }, spec: { template: {} }, status: { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 1 },
};
const ours = (name: string, node: string): KubeObject => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'kubernaut', name, uid: name }, spec: { nodeName: node, containers: [] }, status: { phase: 'Running' },
});

const ofAll: Refusal[] = [
  { when: 'the component is unknown', code: 'InvalidParams', params: () => ({ component: 'gateway' }) },
  { when: 'two components are named', code: 'InvalidParams', params: () => ({ component: ['coredns', 'cni'] }) },
  { when: 'pods are to be deleted', code: 'InvalidParams', params: () => ({ deletePods: true }) },
  { when: 'the object is of another component', code: 'NotGrounded', params: () => ({ component: 'kube-proxy' }) },
  { when: 'no alert speaks of it', code: 'PreconditionChanged', problems: [problemOf({ alert: 'KubePodCrashLooping', labels: { pod: 'api-1' } })] },
  { when: 'more than a tenth of the nodes is not Ready', code: 'PreconditionChanged', spoil: breakNode },
  { when: 'another component is rolling out', code: 'PreconditionChanged', spoil: (objects) => [...objects, rolling] },
];

export const restartNetwork: ActionCase = {
  fixture: { object: coredns, others: [replicaSetOf(coredns, 1, { available: 2 }), ...threeNodes()], params: { component: 'coredns' }, problems: [problemOf({ alert: 'CoreDNSErrorsHigh' })], satisfied: 'a restart is a new timestamp; a repeat is caught by the pinned one' },
  live: [
    {
      name: 'coredns',
      async prepare(stage) {
        await runDns(stage);
        return {
          ref: deploymentRef(NS, 'coredns'), params: { component: 'coredns' }, problems: [problemOf({ alert: 'CoreDNSErrorsHigh' })],
          writes: ['patch deployments'], picture: (o) => o.spec,
          edit: () => stage.person(deploymentPath(NS, 'coredns'), THEIRS),
          clean: () => remove(stage, deploymentPath(NS, 'coredns'), `/api/v1/namespaces/${NS}/services/kube-dns`),
        };
      },
      refusals: [
        ...ofAll,
        { when: 'names would be served by one replica', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).status.readyReplicas = 1) },
        { when: 'only one replica is wanted', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).spec.replicas = 1) },
        { when: 'two replicas may be away at once', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).spec.strategy.rollingUpdate.maxUnavailable = 2) },
        { when: 'it replaces all pods at once', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).spec.strategy = { type: 'Recreate' }) },
      ],
    },
    {
      name: 'cni',
      async prepare(stage) {
        await runDaemonSet(stage, NS, 'calico-node');
        return {
          ref: daemonSetRef(NS, 'calico-node'), params: { component: 'cni' }, problems: [problemOf({ alert: 'NodeNetworkUnavailable' })],
          writes: ['patch daemonsets'], picture: (o) => o.spec,
          edit: () => stage.person(daemonSetPath(NS, 'calico-node'), THEIRS),
          clean: () => remove(stage, daemonSetPath(NS, 'calico-node')),
        };
      },
      refusals: [
        ...ofAll,
        { when: 'all that we run on is on one node', code: 'PreconditionChanged', spoil: (objects) => [...objects, ours('gateway', 'sandbox-1'), ours('worker', 'sandbox-1')] },
        { when: 'it replaces pods only when they are deleted', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).spec.updateStrategy = { type: 'OnDelete' }) },
      ],
    },
  ],
};
