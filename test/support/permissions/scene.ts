import { podsOf, type KubeObject } from '../../../src/domain/kube.js';
import { healthyDatabase } from '../actions/databases.js';
import { isAvailable, type Stage } from '../actions/stage.js';

/** What the forbidden requests are about, once each. */
export interface ForbiddenScene {
  ns: string;
  /** `api` at revision 2 of 2; its owner declared `api:LOG_LEVEL=debug`. */
  api: KubeObject;
  /** Template of revision 1, without the hash. */
  earlier: KubeObject;
  /** Template of another Deployment. */
  foreign: KubeObject;
  pod: KubeObject;
  /** Not Ready. */
  unwell: KubeObject;
  /** In quarantine already. */
  isolated: KubeObject;
  /** Deployment whose owner keeps rollbacks manual, and its revision 1. */
  manual: { earlier: KubeObject; live: KubeObject };
  database: string;
  /** A ReplicaSet of `api`. */
  replicaSet: string;
  /** Of what only a wrong rule would let go: a precondition that fails is answered before any policy is asked. */
  uids: Record<'data' | 'theirs' | 'report' | 'primary', string>;
}

const workload = (ns: string, kind: string, name: string, spec: object): KubeObject => ({
  apiVersion: 'apps/v1', kind, metadata: { namespace: ns, name },
  spec: { ...spec, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name, image: `${ns}/${name}:1` }] } } },
});

export const HASH = '0123456789ab';
export const OURS = { 'app.kubernetes.io/managed-by': 'kubernaut' };
const SPARE = { metadata: { labels: OURS, annotations: { 'kubernaut.io/last-action': 'x' } } };

export async function forbiddenScene(stage: Stage): Promise<ForbiddenScene> {
  const { admin } = stage;
  const ns = await stage.namespace();
  const get = <T = KubeObject>(path: string): Promise<T> => admin.request<T>('GET', path);
  const deployments = `/apis/apps/v1/namespaces/${ns}/deployments`;
  const env = [{ name: 'LOG_LEVEL', value: 'info' }, { name: 'DB_PASSWORD', value: 'hunter2' }];
  const resources = { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '16Mi' } };
  await stage.deploy(ns, { container: { env, resources }, annotations: { 'kubernaut.io/debug-env': 'api:LOG_LEVEL=debug' } });
  await stage.deploy(ns, { name: 'other', replicas: 1 });
  await stage.deploy(ns, { name: 'manual', replicas: 1, annotations: { 'kubernaut.io/rollback': 'manual' } });
  // its pods look like those of `api`, which is all that a selector sees
  const twin = workload(ns, 'Deployment', 'twin', { replicas: 1 });
  twin.spec.selector.matchLabels = { tier: 'twin' };
  twin.spec.template.metadata.labels = { app: 'api', tier: 'twin' };
  await stage.create(twin);
  await stage.create({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace: ns, name: 'none' }, spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'none' } } } });
  await stage.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'kubernaut-system', name: 'kubernaut-pause' }, data: {} });
  await stage.create(workload(ns, 'StatefulSet', 'db', { replicas: 1, serviceName: 'db' }));
  await stage.create(workload(ns, 'DaemonSet', 'agent', {}));
  await stage.create({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { namespace: ns, name: 'api' }, spec: { minReplicas: 1, maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'other' }, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }] } });
  await stage.create({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: ns, name: 'data' }, spec: { storageClassName: 'standard', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
  await stage.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: ns, name: 'kubernaut-hooks' }, data: { 'job.json': JSON.stringify({ kind: 'Job', spec: { template: { spec: { containers: [{ name: 'clean', image: 'tools/clean:1', command: ['clean', '--all'] }] } } } }) } });
  await stage.create({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace: ns, name: 'password' }, stringData: { password: 'hunter2' } } as KubeObject);
  await stage.create({ apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: ns, name: 'report' }, spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'r', image: 'x:1' }] } } } });
  for (const [name, more] of [['theirs', {}], [`kb-${HASH}-allow`, SPARE], [`kb-${HASH.replace('0', 'a')}-allow`, { metadata: { ...SPARE.metadata, annotations: { 'kubernaut.io/last-action': 'x', 'kubernaut.io/adopted-by': 'ann' } } }]] as const) {
    const { metadata = {} } = more as { metadata?: object };
    await stage.create({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: ns, name, ...metadata }, spec: { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'other' } } }], ports: [{ port: 80 }] }] } });
  }
  await stage.seen(isAvailable(ns, 2));
  for (const name of ['other', 'manual']) await stage.seen(isAvailable(ns, 1, name));
  for (const name of ['api', 'manual']) await stage.person(`${deployments}/${name}`, { spec: { template: { spec: { containers: [{ name, image: `${ns}/${name}:2` }] } } } }, 'strategic');
  await stage.seen((w) => ['api', 'manual'].every((name) => w.get('Deployment', ns, name)?.metadata.annotations?.['deployment.kubernetes.io/revision'] === '2' && w.get('Deployment', ns, name)?.status?.replicas === w.get('Deployment', ns, name)?.status?.updatedReplicas));
  await stage.images(ns, `  - { image: "${ns}/unwell:1", exit: { code: 1, log: "x" } }\n`);
  await stage.create(workload(ns, 'Deployment', 'unwell', { replicas: 1 }));
  await stage.seen((w) => w.list('Pod', ns).some((p) => p.metadata.labels?.app === 'unwell' && (p.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0));
  const world = stage.cluster.world();
  const podOf = (name: string): KubeObject => podsOf(world, world.get('Deployment', ns, name)!).find((p) => !p.metadata.deletionTimestamp)!;
  const isolated = podOf('other');
  await stage.person(`/api/v1/namespaces/${ns}/pods/${isolated.metadata.name}`, { metadata: { labels: { 'kubernaut.io/quarantine': HASH } } });
  const earlierOf = (name: string): KubeObject => {
    const template = structuredClone(world.list('ReplicaSet', ns).find((r) => r.metadata.labels?.app === name && r.metadata.annotations?.['deployment.kubernetes.io/revision'] === '1')!.spec.template);
    delete template.metadata.labels['pod-template-hash'];
    return template as KubeObject;
  };
  const database = await healthyDatabase(stage);
  const uidOf = async (path: string): Promise<string> => (await get(path)).metadata.uid!;
  await admin.request('POST', `/apis/cert-manager.io/v1/namespaces/${ns}/certificates`, { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { namespace: ns, name: 'web' }, spec: { secretName: 'web-tls', dnsNames: ['web'], issuerRef: { name: 'ca' } } });
  await admin.request('POST', `/apis/external-secrets.io/v1/namespaces/${ns}/externalsecrets`, { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', metadata: { namespace: ns, name: 'db' }, spec: { refreshInterval: '1h0m0s', target: { name: 'db' }, data: [{ secretKey: 'p', remoteRef: { key: 'k' } }] } });
  return {
    ns, database, isolated, pod: podOf('api'), unwell: podOf('unwell'),
    api: await get(`${deployments}/api`), earlier: earlierOf('api'), foreign: (await get(`${deployments}/twin`)).spec.template as KubeObject,
    replicaSet: world.list('ReplicaSet', ns).find((r) => r.metadata.name.startsWith('api-'))!.metadata.name,
    uids: {
      data: await uidOf(`/api/v1/namespaces/${ns}/persistentvolumeclaims/data`), theirs: await uidOf(`/apis/networking.k8s.io/v1/namespaces/${ns}/networkpolicies/theirs`),
      report: await uidOf(`/apis/batch/v1/namespaces/${ns}/jobs/report`), primary: await uidOf(`/api/v1/namespaces/${database}/persistentvolumeclaims/pg-1`),
    },
    manual: { earlier: earlierOf('manual'), live: await get(`${deployments}/manual`) },
  };
}
