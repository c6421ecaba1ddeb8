import { podsOf, type KubeObject } from '../../../src/domain/kube.js';
import { deploymentOf, podOf, problemOf, replicaSetOf, statefulSetOf } from '../objects.js';
import type { ActionCase, Refusal, Scene } from './action-case.js';
import { serviceOf } from './quarantine-pod.js';
import { deploymentRef, isAvailable, objectIn } from './stage.js';

export const denyAll = (ns: string, types: string[] = ['Ingress']): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: ns, name: 'deny-all' }, spec: { podSelector: {}, policyTypes: types },
});

const api = deploymentOf('api', { pod: { containers: [{ name: 'api', image: 'api:1', env: [{ name: 'DB', value: 'db:5432' }] }] } });
const set = replicaSetOf(api, 1, { replicas: 2 });
const db = statefulSetOf('db', { replicas: 1 });
const others = [api, set, podOf('api-1', { owner: set, isReady: false }), podOf('api-2', { owner: set, isReady: false }), podOf('db-0', { owner: db }), serviceOf('shop', 'db', 5432)];

const policyIn = (objects: KubeObject[], { ref }: Scene): KubeObject => objectIn(objects, { apiVersion: '', kind: 'NetworkPolicy', namespace: ref.namespace!, name: 'deny-all' });
const podsIn = (objects: KubeObject[], { ref }: Scene, app: string): KubeObject[] => objects.filter((o) => o.kind === 'Pod' && o.metadata.namespace === ref.namespace && o.metadata.labels?.app === app);

const refusals: Refusal[] = [
  { when: 'no port is named', code: 'InvalidParams', params: () => ({ port: undefined }) },
  { when: 'a range of ports is named', code: 'InvalidParams', params: () => ({ port: '5432-5440' }) },
  { when: 'an end port is given', code: 'InvalidParams', params: () => ({ endPort: 5440 }) },
  { when: 'no protocol is named', code: 'InvalidParams', params: () => ({ protocol: undefined }) },
  { when: 'no ttl is given', code: 'InvalidParams', params: () => ({ ttl: undefined }) },
  { when: 'the ttl is over a day', code: 'InvalidParams', params: () => ({ ttl: '25h' }) },
  { when: 'an address block is given', code: 'InvalidParams', params: () => ({ from: '0.0.0.0/0' }) },
  { when: 'an IPv6 block is given', code: 'InvalidParams', params: () => ({ from: '::/0' }) },
  { when: 'a selector is given', code: 'InvalidParams', params: () => ({ from: 'app=api' }) },
  { when: 'a policy of others is named', code: 'InvalidParams', params: () => ({ from: 'NetworkPolicy/deny-all' }) },
  { when: 'an end was not read', code: 'NotGrounded', params: () => ({ from: 'Deployment/other' }) },
  { when: 'the target is another object', code: 'NotGrounded', params: () => ({ to: 'Deployment/other' }) },
  {
    when: 'an end is in kube-system', code: 'PolicyDenied', params: () => ({ fromNamespace: 'kube-system' }),
    spoil: (objects, { ref }) => [...objects, { ...objectIn(objects, { ...ref, name: 'api' }), metadata: { name: 'api', namespace: 'kube-system', uid: 'k' } }],
  },
  { when: 'a selector is empty', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).spec.selector = {}) },
  {
    when: 'a selector takes pods of others', code: 'PreconditionChanged',
    spoil: (objects, scene) => [...objects, { ...podsIn(objects, scene, 'db')[0]!, metadata: { name: 'stranger', namespace: scene.ref.namespace!, uid: 's', labels: { app: 'db' } } }],
  },
  { when: 'there are more pods than the bound', code: 'PreconditionChanged', policy: () => ({ actions: { update_network_policy: { maxPods: 1 } } }) },
  { when: 'an end has no pods', code: 'PreconditionChanged', spoil: (objects, scene) => objects.filter((o) => !podsIn(objects, scene, 'api').includes(o)) },
  { when: 'nobody enforces policies', code: 'PreconditionChanged', policy: () => ({ actions: { update_network_policy: { enforcesNetworkPolicy: false } } }) },
  {
    when: 'a pod of it is not isolated yet', code: 'PreconditionChanged',
    spoil: (objects, scene) => {
      policyIn(objects, scene).spec.podSelector = { matchLabels: { one: 'yes' } };
      podsIn(objects, scene, 'db')[0]!.metadata.labels!.one = 'yes';
    },
  },
  { when: 'nobody misses the flow', code: 'PreconditionChanged', spoil: (objects, { ref }) => void delete objectIn(objects, { ...ref, name: 'api' }).spec.template.spec.containers[0].env },
  { when: 'a pod of it is under quarantine', code: 'PolicyDenied', spoil: (objects, scene) => void (podsIn(objects, scene, 'db')[0]!.metadata.labels!['kubernaut.io/quarantine'] = 'x') },
];

export const updateNetworkPolicy: ActionCase = {
  fixture: {
    object: db,
    others: [...others, denyAll('shop')],
    params: { namespace: 'shop', from: 'Deployment/api', to: 'StatefulSet/db', port: 5432, protocol: 'TCP', ttl: '2h' },
    problems: [problemOf()],
    satisfied: { object: db, others },
  },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.images(ns, `  - { image: "${ns}/api:1", dependsOn: ["db:5432"] }\n  - { image: "${ns}/db:1", listens: [5432] }\n`);
        await stage.create(serviceOf(ns, 'db', 5432));
        await stage.deploy(ns, { name: 'db' });
        await stage.deploy(ns, { container: { env: [{ name: 'DB', value: 'db:5432' }] } });
        await stage.seen((w) => isAvailable(ns, 2, 'db')(w) && isAvailable(ns, 2)(w));
        await stage.create(denyAll(ns));
        await stage.seen((w) => podsOf(w, w.get('Deployment', ns, 'api')!).every((p) => p.status?.conditions?.some((c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'False')));
        return {
          ref: deploymentRef(ns, 'db'),
          params: { namespace: ns, from: 'Deployment/api', to: 'Deployment/db', port: 5432, protocol: 'TCP', ttl: '1h' },
          writes: ['create networkpolicies'],
          picture: (o) => o.spec,
        };
      },
      refusals,
    },
  ],
};
