import { deploymentOf, podOf, problemOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase, Refusal } from './action-case.js';
import { adding, badNames, condition, each, EVERYWHERE, itself, missing, nodes, podsIn, quota } from './spoil.js';
import { deploymentPath, deploymentRef } from './stage.js';

/** The same stanza in the template and in the pods that came from it. */
const withResources = (resources: object): NonNullable<Refusal['spoil']> => (objects, scene) => {
  itself((o) => void (o.spec.template.spec.containers[0].resources = resources))(objects, scene);
  each(podsIn, (p) => void (p.spec.containers[0].resources = resources))(objects, scene);
};

const deployment = deploymentOf('api');
const set = replicaSetOf(deployment, 1, { available: 2 });

export const increaseResources: ActionCase = {
  fixture: {
    object: deployment,
    others: [set, podOf('api-1', { owner: set, isReady: false, lastEnd: 'OOMKilled' }), ...threeNodes()],
    params: { namespace: 'shop', name: 'api', kind: 'Deployment', container: 'api', memory: '512Mi' },
    problems: [problemOf()],
    satisfied: { object: deploymentOf('api', { resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } } }) },
  },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.images(ns, `  - { image: "${ns}/api:1", memory: 200Mi }\n`);
        await stage.deploy(ns, { replicas: 1, container: { resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '128Mi' } } } });
        await stage.seen((w) => w.list('Pod', ns).some((p) => p.status?.containerStatuses?.[0]?.lastState?.terminated?.reason === 'OOMKilled'));
        const resources = { limits: { memory: '140Mi' } };
        return {
          ref: deploymentRef(ns),
          params: { namespace: ns, name: 'api', kind: 'Deployment', container: 'api', memory: '256Mi' },
          writes: ['patch deployments'],
          picture: (o) => o.spec,
          edit: () => stage.person(deploymentPath(ns), { spec: { template: { spec: { containers: [{ name: 'api', resources }] } } } }, 'strategic'),
        };
      },
      refusals: [
        ...EVERYWHERE,
        ...badNames('name'),
        missing('name'),
        missing('namespace'),
        ...badNames('container'),
        missing('container'),
        missing('kind'),
        { when: 'neither memory nor CPU is given', code: 'InvalidParams', because: 'neither', params: () => ({ memory: undefined }) },
        { when: 'it would be a decrease', code: 'InvalidParams', because: 'only increases', params: () => ({ memory: '64Mi' }) },
        { when: 'it would more than double', code: 'InvalidParams', because: 'more than twice', params: () => ({ memory: '257Mi' }) },
        ...['512m', '268435456', 268435456, '200%', '+64Mi', '-64Mi', '0Mi', '1.5Gi', '64mi', ''].map((memory): Refusal => ({ when: `the memory is ${JSON.stringify(memory)}`, code: 'InvalidParams', params: () => ({ memory }) })),
        ...['500', 1, '0.5', '100u', '-1'].map((cpu): Refusal => ({ when: `the CPU is ${JSON.stringify(cpu)}`, code: 'InvalidParams', params: () => ({ memory: undefined, cpu }) })),
        { when: 'an extended resource is given', code: 'InvalidParams', params: () => ({ 'nvidia.com/gpu': '2' }) },
        { when: 'huge pages are given', code: 'InvalidParams', params: () => ({ 'hugepages-2Mi': '64Mi' }) },
        { when: 'the container is unknown', code: 'InvalidParams', because: 'it has api', params: () => ({ container: 'web' }) },
        {
          when: 'it is an ephemeral container', code: 'InvalidParams', because: 'no container debug', params: () => ({ container: 'debug' }),
          spoil: each(podsIn, (p) => void (p.spec.ephemeralContainers = [{ name: 'debug', image: 'x' }])),
        },
        ...['Pod', 'ReplicaSet', 'Job', 'Rollout'].map((kind): Refusal => ({ when: `it is a ${kind}`, code: 'InvalidParams', params: () => ({ kind }) })),
        { when: 'the container has no limit to raise', code: 'PreconditionChanged', because: 'no memory limit', spoil: withResources({}) },
        { when: 'the limit would be below the request', code: 'InvalidParams', because: 'is less', spoil: withResources({ limits: { memory: '128Mi' }, requests: { memory: '512Mi' } }) },
        { when: 'it is over the maximum of the policy', code: 'InvalidParams', because: "policy's maximum", policy: () => ({ actions: { increase_resources: { maxMemory: '200Mi' } } }) },
        { when: 'it is more than half of the largest node', code: 'InvalidParams', because: 'half of the largest', spoil: each(nodes, (n) => void (n.status.allocatable.memory = '400Mi')) },
        { when: 'only closed nodes are large enough', code: 'InvalidParams', because: 'half of the largest', spoil: each(nodes, (n) => void (n.spec.unschedulable = true)) },
        { when: 'no node has room for the first new pod', code: 'PreconditionChanged', because: 'no node has room', spoil: each(nodes, (n) => void (n.spec.taints = [{ key: 'gpu', effect: 'NoSchedule' }])) },
        { when: 'the quota has no room during the rollout', code: 'QuotaExceeded', spoil: quota({ 'limits.memory': '300Mi' }, { 'limits.memory': '128Mi' }) },
        {
          when: 'a VerticalPodAutoscaler acts on it', code: 'PreconditionChanged', because: 'VerticalPodAutoscaler api',
          spoil: adding(({ ref }) => [{ apiVersion: 'autoscaling.k8s.io/v1', kind: 'VerticalPodAutoscaler', metadata: { namespace: ref.namespace!, name: 'api', uid: 'v' }, spec: { targetRef: { kind: 'Deployment', name: 'api' }, updatePolicy: { updateMode: 'Initial' } } }]),
        },
        { when: 'it replaces all pods at once', code: 'PreconditionChanged', because: 'RollingUpdate', spoil: itself((o) => void (o.spec.strategy = { type: 'Recreate' })) },
        { when: "it carries somebody's unreleased change", code: 'PreconditionChanged', because: 'not rolled out yet', spoil: itself((o) => void (o.spec.template.spec.containers[0].image = 'other:1')) },
        { when: 'it was not killed for its memory', code: 'PreconditionChanged', because: 'not OOMKilled', spoil: each(podsIn, (p) => void (p.status.containerStatuses = p.status.containerStatuses?.map((c: object) => ({ ...c, state: {}, lastState: {} })))) },
        { when: 'another container was killed', code: 'PreconditionChanged', because: 'not OOMKilled', spoil: each(podsIn, (p) => void (p.status.containerStatuses = p.status.containerStatuses?.map((c: object) => ({ ...c, name: 'sidecar' })))) },
        { when: 'the node ran out of memory, not the container', code: 'PreconditionChanged', because: 'relieve the nodes', spoil: each(nodes, (n) => condition(n, 'MemoryPressure', 'True')) },
        { when: 'nothing says that it is throttled', code: 'PreconditionChanged', because: 'throttled', params: () => ({ memory: undefined, cpu: '150m' }) },
      ],
    },
  ],
};
