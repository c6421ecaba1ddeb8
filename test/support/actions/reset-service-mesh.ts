import type { KubeObject } from '../../../src/domain/kube.js';
import { certificateOf, injectorOf, ISTIO, meshOf, proxyContainer, serviceOf } from '../mesh-objects.js';
import { deploymentOf, replicaSetOf } from '../objects.js';
import type { ActionCase, Refusal, Scene } from './action-case.js';
import { THEIRS } from './restart-daemonset.js';
import { deploymentPath, deploymentRef, isAvailable, objectIn, type Stage } from './stage.js';

const api = deploymentOf('api');
const WEBHOOK = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector';

const istiod = (spec: object = {}): KubeObject => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: ISTIO, name: 'istiod', labels: { app: 'istiod' } },
  spec: {
    replicas: 2, selector: { matchLabels: { app: 'istiod' } },
    template: { metadata: { labels: { app: 'istiod' } }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'discovery', image: 'docker.io/istio/pilot:1.24.2' }] } },
    ...spec,
  },
});

/** The namespace stays for the next case: deleting and making it again would race with its controller. */
async function runMesh(stage: Stage): Promise<void> {
  if (!stage.cluster.world().get('Namespace', undefined, ISTIO)) {
    await stage.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ISTIO } });
    await stage.seen((w) => w.get('Namespace', undefined, ISTIO));
  }
  const { metadata, ...service } = serviceOf(ISTIO, 'istiod');
  await stage.create({ ...service, metadata: { namespace: metadata.namespace!, name: metadata.name } });
  await stage.create(istiod());
  await stage.create(injectorOf());
  await stage.seen(isAvailable(ISTIO, 2, 'istiod'));
  await stage.seen((w) => w.list('EndpointSlice', ISTIO).some((s) => (s.endpoints ?? []).some((e: { conditions?: { ready?: boolean } }) => e.conditions?.ready)) && w.list('MutatingWebhookConfiguration').length > 0);
}

const endMesh = async (stage: Stage): Promise<void> => {
  await Promise.all([deploymentPath(ISTIO, 'istiod'), `/api/v1/namespaces/${ISTIO}/services/istiod`, WEBHOOK].map((path) => stage.admin.request('DELETE', path)));
  await stage.seen((w) => !w.get('Deployment', ISTIO, 'istiod') && !w.get('MutatingWebhookConfiguration', undefined, 'istio-sidecar-injector') && w.list('Pod', ISTIO).length === 0);
};

const controllerIn = (objects: KubeObject[]): KubeObject => objectIn(objects, deploymentRef(ISTIO, 'istiod'));
const endingSoon: Refusal = {
  when: 'a certificate of the mesh ends within a day', code: 'PreconditionChanged',
  spoil: (objects) => [...objects, certificateOf(new Date(Date.now() + 3_600_000).toISOString())],
};
const of = (scope: string): Refusal[] => [
  { when: 'the scope is unknown', code: 'InvalidParams', params: () => ({ scope: 'namespace' }) },
  { when: 'a gateway is to be deleted', code: 'InvalidParams', params: () => ({ gateway: 'public' }) },
  { when: 'several workloads are named', code: 'InvalidParams', params: () => ({ scope, workload: ['a', 'b'] }) },
  endingSoon,
];

export const resetServiceMesh: ActionCase = {
  fixture: {
    object: api, others: [replicaSetOf(api, 1, { available: 2 }), ...meshOf()], params: { scope: 'workload', namespace: 'shop', workload: 'api' },
    satisfied: 'a restart is a new timestamp; a repeat is caught by the pinned one',
  },
  live: [
    {
      name: 'workload',
      async prepare(stage): Promise<Scene> {
        await runMesh(stage);
        const ns = await stage.namespace({ 'istio-injection': 'enabled' });
        await stage.deploy(ns, { pod: { containers: [{ name: 'api', image: `${ns}/api:1` }, proxyContainer()] } });
        await stage.seen(isAvailable(ns, 2));
        return {
          ref: deploymentRef(ns), params: { scope: 'workload', namespace: ns, workload: 'api' }, writes: ['patch deployments'], picture: (o) => o.spec,
          edit: () => stage.person(deploymentPath(ns), THEIRS),
          clean: async () => {
            await endMesh(stage);
            await stage.forget(ns);
          },
        };
      },
      refusals: [
        ...of('workload'),
        { when: 'a whole namespace is meant', code: 'InvalidParams', params: () => ({ workload: undefined }) },
        { when: 'there is no mesh', code: 'Unsupported', spoil: (objects) => objects.filter((o) => o.kind !== 'MutatingWebhookConfiguration' && o.metadata.namespace !== ISTIO) },
        { when: 'the workload is in no mesh', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, { apiVersion: 'v1', kind: 'Namespace', name: ref.namespace! }).metadata.labels = {}) },
        { when: 'the injection webhook has no endpoint', code: 'PreconditionChanged', spoil: (objects) => objects.filter((o) => o.kind !== 'EndpointSlice' || o.metadata.namespace !== ISTIO) },
        { when: 'there is no injection webhook', code: 'PreconditionChanged', spoil: (objects) => objects.filter((o) => o.kind !== 'MutatingWebhookConfiguration') },
        { when: 'the control plane is not Available', code: 'PreconditionChanged', spoil: (objects) => void (controllerIn(objects).status.conditions = [{ type: 'Available', status: 'False' }]) },
      ],
    },
    {
      name: 'control plane',
      async prepare(stage): Promise<Scene> {
        await runMesh(stage);
        return {
          ref: deploymentRef(ISTIO, 'istiod'), params: { scope: 'control_plane' }, writes: ['patch deployments'], picture: (o) => o.spec,
          edit: () => stage.person(deploymentPath(ISTIO, 'istiod'), THEIRS),
          clean: () => endMesh(stage),
        };
      },
      refusals: [
        ...of('control_plane'),
        { when: 'a namespace is given without a controller', code: 'InvalidParams', params: () => ({ namespace: ISTIO }) },
        { when: 'it has one replica', code: 'PreconditionChanged', spoil: (objects) => void (controllerIn(objects).status.readyReplicas = 1) },
      ],
    },
  ],
};
