import type { KubeObject, ObjectRef } from '../../../src/domain/kube.js';
import { deploymentOf, podOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase, LiveCase, Refusal, Scene } from './action-case.js';
import { deploymentPath, isAvailable, objectIn, type Stage } from './stage.js';

const API = 'external-secrets.io/v1/ExternalSecret';
const CERT_API = 'cert-manager.io/v1/Certificate';
const OVERLAP = { 'kubernaut.io/rotation-overlap': 'true' };
const SECRET = 'db-credentials';

const external: KubeObject = {
  apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret',
  metadata: { name: 'db', namespace: 'shop', uid: 'uid-externalsecret-db', resourceVersion: '1', generation: 1, annotations: OVERLAP },
  spec: { refreshInterval: '1h0m0s', target: { name: SECRET, creationPolicy: 'Owner' }, data: [{ secretKey: 'password', remoteRef: { key: 'shop/db' } }] },
  status: { refreshTime: '2026-03-01T11:30:00Z', syncedResourceVersion: '1-a', conditions: [{ type: 'Ready', status: 'True', reason: 'SecretSynced', lastTransitionTime: '2026-02-01T00:00:00Z' }] },
};
const fromEnv = { containers: [{ name: 'api', image: 'api:1', env: [{ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: SECRET, key: 'password' } } }] }] };
const deployment = deploymentOf('api', { pod: fromEnv });
const set = replicaSetOf(deployment, 1, { available: 2 });

const externalRef = (ns: string): ObjectRef => ({ apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', namespace: ns, name: 'db' });
const certificateRef = (ns: string): ObjectRef => ({ apiVersion: 'cert-manager.io/v1', kind: 'Certificate', namespace: ns, name: 'web' });
const pathOf = ({ apiVersion, kind, namespace, name }: ObjectRef): string => `/apis/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;

const restartByAPerson = (stage: Stage, ns: string) => () =>
  stage.person(deploymentPath(ns), { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'a person' } } } } });

async function makeExternal(stage: Stage, ns: string): Promise<void> {
  await stage.create({ ...external, metadata: { name: 'db', namespace: ns, annotations: OVERLAP }, status: undefined });
  await stage.seen((w) => w.get('ExternalSecret', ns, 'db')?.status?.conditions?.[0]?.status === 'True');
}

/** One of each kind, each holding the old value in its own way. */
async function makeConsumers(stage: Stage, ns: string): Promise<void> {
  await stage.deploy(ns, { container: { env: fromEnv.containers[0]!.env } });
  const kind = (name: string, what: string, spec: object, pod: object): KubeObject => ({
    apiVersion: 'apps/v1', kind: what, metadata: { name, namespace: ns },
    spec: { ...spec, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 1, ...pod } } },
  });
  const volume = { volumes: [{ name: 's', secret: { secretName: SECRET } }] };
  await stage.create(kind('db', 'StatefulSet', { replicas: 1, serviceName: 'db' }, { ...volume, containers: [{ name: 'db', image: `${ns}/db:1`, volumeMounts: [{ name: 's', mountPath: '/run/p', subPath: 'password' }] }] }));
  await stage.create(kind('agent', 'DaemonSet', {}, { containers: [{ name: 'agent', image: `${ns}/agent:1`, envFrom: [{ secretRef: { name: SECRET } }] }] }));
  await stage.create(kind('live', 'Deployment', { replicas: 1 }, { ...volume, containers: [{ name: 'live', image: `${ns}/live:1`, volumeMounts: [{ name: 's', mountPath: '/run/s' }] }] }));
  await stage.seen(isAvailable(ns, 2));
  await stage.seen(isAvailable(ns, 1, 'live'));
  await stage.seen((w) => w.get('StatefulSet', ns, 'db')?.status?.availableReplicas === 1);
  await stage.seen((w) => (w.get('DaemonSet', ns, 'agent')?.status?.numberAvailable ?? 0) >= 3);
}

const onTarget = (change: (o: KubeObject) => void) => (objects: KubeObject[], { ref }: Scene) => change(objectIn(objects, ref));
const consumer = (change: (o: KubeObject) => void) => (objects: KubeObject[], { ref }: Scene) =>
  change(objectIn(objects, { apiVersion: 'apps/v1', kind: 'Deployment', namespace: ref.namespace, name: 'api' }));

const common: Refusal[] = [
  { when: 'no object is named', code: 'NotGrounded', params: () => ({ externalSecret: undefined, certificate: undefined }) },
  { when: 'a value is given', code: 'InvalidParams', params: () => ({ value: 'hunter2' }) },
  { when: 'a key is given', code: 'InvalidParams', params: () => ({ key: 'password' }) },
  { when: 'revoking is asked for', code: 'InvalidParams', params: () => ({ revoke: true }) },
  { when: 'the operator is not installed', code: 'Unsupported', apis: [] },
  { when: 'it is our own credential', code: 'PolicyDenied', spoil: onTarget((o) => void (o.metadata.labels = { 'app.kubernetes.io/part-of': 'kubernaut' })) },
  { when: 'a part of ours uses it', code: 'PolicyDenied', spoil: consumer((o) => void (o.metadata.labels = { 'app.kubernetes.io/name': 'temporal' })) },
  { when: 'a consumer is paused', code: 'PreconditionChanged', spoil: consumer((o) => void (o.spec.paused = true)) },
  { when: 'a consumer would go down as a whole', code: 'PreconditionChanged', spoil: consumer((o) => void (o.spec.strategy = { type: 'Recreate' })) },
  { when: 'more consumers than the policy allows', code: 'PolicyDenied', policy: () => ({ actions: { rotate_secrets: { overlap: true, maxConsumers: 0 } } }) },
  {
    when: 'a pod that nobody replaces would keep the old value', code: 'PreconditionChanged',
    spoil: (objects, { ref }) => [...objects, podOf('bare', { namespace: ref.namespace, pod: { imagePullSecrets: [{ name: SECRET }, { name: 'web-tls' }] } })],
  },
  { when: 'it is another object now', code: 'NotGrounded', spoil: onTarget((o) => void (o.metadata.name = 'other')) },
];

const externalCase: LiveCase = {
  name: 'through an ExternalSecret',
  async prepare(stage) {
    const ns = await stage.namespace();
    await makeExternal(stage, ns);
    await makeConsumers(stage, ns);
    const ref = externalRef(ns);
    return {
      ref, params: { namespace: ns, externalSecret: 'db' },
      writes: ['patch externalsecrets', 'patch deployments', 'patch statefulsets', 'patch daemonsets'],
      picture: (o) => [o.spec, o.metadata.annotations?.['force-sync']],
      edit: () => stage.person(pathOf(ref), { metadata: { annotations: { 'force-sync': 'a person' } } }),
    };
  },
  refusals: [
    ...common,
    { when: 'both kinds are named', code: 'NotGrounded', params: () => ({ certificate: 'web' }) },
    { when: 'nobody declared that the values overlap', code: 'PolicyDenied', spoil: onTarget((o) => void (o.metadata.annotations = {})) },
    { when: 'its interval is zero', code: 'PreconditionChanged', spoil: onTarget((o) => void (o.spec.refreshInterval = '0s')) },
    { when: 'it is made once and never again', code: 'PreconditionChanged', spoil: onTarget((o) => void (o.spec.refreshPolicy = 'CreatedOnce')) },
    { when: 'its Secret is immutable', code: 'PreconditionChanged', spoil: onTarget((o) => void (o.spec.target.immutable = true)) },
    { when: 'it makes no Secret', code: 'PreconditionChanged', spoil: onTarget((o) => void (o.spec.target.creationPolicy = 'None')) },
    { when: 'it was never synced', code: 'PreconditionChanged', spoil: onTarget((o) => void (o.status = {})) },
    ...['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token', 'helm.sh/release.v1'].map((type): Refusal => ({
      when: `its Secret is of type ${type}`, code: 'PolicyDenied', spoil: onTarget((o) => void (o.spec.target.template = { type })),
    })),
    { when: 'its Secret is a Helm release by name', code: 'PolicyDenied', spoil: onTarget((o) => void (o.spec.target.name = 'sh.helm.release.v1.shop.v3')) },
  ],
};

const certificateCase: LiveCase = {
  name: 'through a Certificate',
  async prepare(stage) {
    const ns = await stage.namespace();
    const ref = certificateRef(ns);
    await stage.create({ apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name: ref.name, namespace: ns }, spec: { secretName: 'web-tls', dnsNames: ['web.shop'], issuerRef: { name: 'ca' } } });
    await stage.seen((w) => w.get('Certificate', ns, 'web')?.status?.revision === 1);
    const pod = { volumes: [{ name: 't', projected: { sources: [{ secret: { name: 'web-tls' } }] } }] };
    await stage.deploy(ns, { pod, container: { volumeMounts: [{ name: 't', mountPath: '/tls/tls.crt', subPath: 'tls.crt' }] } });
    await stage.seen(isAvailable(ns, 2));
    return {
      ref, params: { namespace: ns, certificate: 'web' },
      writes: ['patch certificates/status', 'patch deployments'],
      picture: (o) => o.spec,
      edit: restartByAPerson(stage, ns),
    };
  },
  refusals: [
    ...common,
    { when: 'both kinds are named', code: 'InvalidParams', params: () => ({ externalSecret: 'db' }) },
    { when: 'it is an authority', code: 'PolicyDenied', spoil: onTarget((o) => void (o.spec.isCA = true)) },
    { when: 'it is being issued', code: 'PreconditionChanged', spoil: onTarget((o) => void o.status.conditions.push({ type: 'Issuing', status: 'True', reason: 'Renewing' })) },
    { when: 'it was never issued', code: 'PreconditionChanged', spoil: onTarget((o) => void delete o.status.revision) },
  ],
};

export const rotateSecrets: ActionCase = {
  fixture: {
    object: external,
    others: [deployment, set, podOf('api-1', { owner: set, pod: fromEnv }), ...threeNodes()],
    params: { namespace: 'shop', externalSecret: 'db' },
    apis: [API, CERT_API],
    satisfied: 'every plan is a rotation of its own: that an earlier one is done is no reason against another',
  },
  live: [externalCase, certificateCase],
};
