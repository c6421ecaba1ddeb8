import { describe, expect, it } from '@jest/globals';
import { daemonSetOf, deploymentOf, factsOf, nodeOf, NOW, pdbOf, podOf, replicaSetOf, threeNodes } from '../../test/support/objects.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { drainNode } from './drain-node.js';
import { CORDONED_BY } from './node.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const deployment = deploymentOf();
const set = replicaSetOf(deployment, 1, { available: 2 });
const owned = (name: string, o: Parameters<typeof podOf>[1] = {}) => podOf(name, { owner: set, ...o });
const dns = deploymentOf('dns', { namespace: 'kube-system', replicas: 1 });
const dnsSet = replicaSetOf(dns, 1, { available: 1 });
const leaving = (pod: KubeObject): KubeObject => ({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: NOW } });
const params = { node: 'worker-1', deadline: '30m' };

const localVolume: KubeObject[] = [
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'shop', name: 'data', uid: 'c' }, spec: { volumeName: 'v' } },
  {
    apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v', uid: 'v' },
    spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['worker-1'] }] }] } } },
  },
];

function plan(pods: KubeObject[], o: { node?: KubeObject; others?: KubeObject[]; limits?: object; params?: typeof params } = {}) {
  const node = o.node ?? nodeOf('worker-1');
  const others = o.others ?? threeNodes().slice(1);
  return drainNode.plan(node, o.params ?? params, factsOf([node, deployment, set, ...pods, ...others], { limits: { ...o.limits } }));
}

describe('drain_node', () => {
  it('cordons, then evicts the pinned pods; mirror and DaemonSet pods stay, finished ones go', () => {
    const planned = plan([
      owned('api-1'),
      owned('api-2', { node: 'worker-2' }),
      podOf('agent-1', { owner: daemonSetOf() }),
      podOf('static', { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
      podOf('done', { phase: 'Succeeded' }),
    ]);
    expect(planned.changes.map((c) => (c.op === 'evict' ? c.uid : c.op))).toEqual(['edit', 'uid-pod-api-1', 'uid-pod-done']);
    expect(planned).toMatchObject({ summary: 'drain node worker-1: evict 2 pods', timeoutS: 1860, undo: { kind: 'partial', changes: [{ op: 'edit' }] } });
    expect(planned.parameters).toMatchObject({ workloads: [{ kind: 'Deployment', namespace: 'shop', name: 'api', ready: 2 }] });
  });

  it('does nothing on a node that is empty and cordoned', () => {
    expect(plan([], { node: nodeOf('worker-1', { isCordoned: true }) })).toMatchObject({ changes: [], undo: { kind: 'none' } });
  });

  it('says up front which budgets have no disruption left', () => {
    expect(plan([owned('api-1'), pdbOf('api', { allowed: 0 })]).summary).toContain('no disruption left in shop/api');
  });

  it('lets as many go at once as the policy says, five by default, thirty-two at most', () => {
    const parallel = (limits: object) => (plan([owned('api-1')], { limits }).parameters as { parallel: number }).parallel;
    expect([parallel({}), parallel({ parallel: 12 }), parallel({ parallel: 100 })]).toEqual([5, 12, 32]);
    expect(() => parallel({ parallel: 'all' })).toThrow(code('PolicyDenied'));
  });

  it('drains the node of one CoreDNS pod while its owner has others', () => {
    const two = deploymentOf('dns', { namespace: 'kube-system', replicas: 2 });
    expect(plan([two, dnsSet, podOf('dns-1', { owner: dnsSet, namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } })]).changes).toHaveLength(2);
  });

  it('goes on beside a cordon that a person left long ago', () => {
    const others = [nodeOf('worker-2'), nodeOf('worker-3'), nodeOf('worker-4'), nodeOf('worker-5', { isCordoned: true })];
    expect(plan([owned('api-1')], { others }).changes).toHaveLength(2);
  });

  it('takes emptyDir data only where policy allows it', () => {
    const pod = owned('api-1', { spec: { volumes: [{ name: 'tmp', emptyDir: {} }] } });
    expect(() => plan([pod])).toThrow(code('PreconditionChanged'));
    expect(plan([pod], { limits: { allowEmptyDir: true } }).changes).toHaveLength(2);
  });

  it.each<[string, KubeObject[], Parameters<typeof plan>[1], string]>([
    ['the deadline is over two hours', [], { params: { ...params, deadline: '3h' } }, 'InvalidParams'],
    ['the node is not Ready', [], { node: nodeOf('worker-1', { isReady: false }) }, 'PreconditionChanged'],
    ['it runs the control plane', [], { node: nodeOf('worker-1', { labels: { 'node-role.kubernetes.io/control-plane': '' } }) }, 'PreconditionChanged'],
    ['a pod would not come back', [podOf('bare')], {}, 'PreconditionChanged'],
    ['a pod was read only for its size', [{ ...owned('far'), metadata: { name: 'far', namespace: 'shop' } }], {}, 'NotGrounded'],
    ['it hosts what we run on', [owned('temporal-1', { labels: { 'app.kubernetes.io/name': 'temporal' } })], {}, 'PreconditionChanged'],
    ['it holds the last CoreDNS pod', [dns, dnsSet, podOf('dns-1', { owner: dnsSet, namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } })], {}, 'PreconditionChanged'],
    ['a pod is under two budgets', [owned('api-1'), pdbOf('api'), pdbOf('api', { name: 'api-too' })], {}, 'PreconditionChanged'],
    ['its pods fit nowhere else', [owned('api-1', { resources: { requests: { memory: '6Gi' } } }), owned('api-2', { resources: { requests: { memory: '6Gi' } } })], { others: [nodeOf('worker-2'), nodeOf('worker-3', { allocatable: { memory: '1Gi' } })] }, 'PreconditionChanged'],
    ['another node of the pool is out', [], { others: [nodeOf('worker-2'), nodeOf('worker-3'), nodeOf('worker-4'), nodeOf('worker-5', { isCordoned: true, annotations: { [CORDONED_BY]: 'x' } })] }, 'PreconditionChanged'],
    ['a person is draining another node of the pool', [leaving(owned('far-1', { node: 'worker-5' }))], { others: [nodeOf('worker-2'), nodeOf('worker-3'), nodeOf('worker-4'), nodeOf('worker-5', { isCordoned: true })] }, 'PreconditionChanged'],
    ['kured reboots a node of the pool', [], { others: [nodeOf('worker-2', { annotations: { 'kured.dev/kured-reboot-in-progress': NOW } }), nodeOf('worker-3')] }, 'PreconditionChanged'],
    ['an upgrade goes through the pool', [], { others: [nodeOf('worker-2'), nodeOf('worker-3'), nodeOf('worker-4', { status: { nodeInfo: { kubeletVersion: 'v1.36.3' } } }), nodeOf('worker-5', { isCordoned: true, status: { nodeInfo: { kubeletVersion: 'v1.35.1' } } })] }, 'PreconditionChanged'],
    ['a volume is a disk of the node', [owned('api-1', { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } }), ...localVolume], {}, 'PreconditionChanged'],
    ['too little of the pool would stay', [], { others: [nodeOf('worker-2')] }, 'PreconditionChanged'],
  ])('refuses when %s', (_why, pods, o, expected) => {
    expect(() => plan(pods, o)).toThrow(code(expected));
  });

  it.each<[string, KubeObject[], string]>([
    ['waits for the cordon', [nodeOf('worker-1')], 'waiting'],
    ['waits for pinned pods', [nodeOf('worker-1', { isCordoned: true }), owned('api-1'), owned('api-2', { node: 'worker-2' })], 'waiting'],
    ['waits for replacements', [nodeOf('worker-1', { isCordoned: true }), owned('api-2', { node: 'worker-2' })], 'waiting'],
    ['fails when a pod came after the plan', [nodeOf('worker-1', { isCordoned: true }), owned('api-9')], 'failed'],
    ['is reached when all went and came back elsewhere', [nodeOf('worker-1', { isCordoned: true }), owned('api-2', { node: 'worker-2' }), owned('api-3', { node: 'worker-3' })], 'reached'],
  ])('%s', (_what, objects, state) => {
    const planned = plan([owned('api-1'), owned('api-2', { node: 'worker-2' })]);
    expect(drainNode.verify(worldOf([deployment, set, ...objects]), planned.parameters as never, drainNode.targetOf(params), planned).state).toBe(state);
  });
});
