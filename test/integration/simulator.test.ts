import { afterAll, describe, expect, it } from '@jest/globals';
import type { Pod } from '../../sandbox/simulator/kube-types.js';
import { deploymentOf, eventually, isReady, startSimulatedCluster, templatePatch, type Place } from '../support/simulated-cluster.js';

/**
 * Every row of the table in sandbox.md 2, on a real API server: the fault appears, a restart does not heal it, the
 * right change does. All cases run at once, each in its namespace.
 */
interface FaultCase {
  name: string;
  images?: string;
  manifests: string;
  shows(pod: Pod, place: Place): boolean | Promise<boolean>;
  heal(place: Place): Promise<void>;
  /** Some right fixes need the pod to be made anew, e.g. those frozen at creation. */
  healedByRestart?: boolean;
}

const cluster = startSimulatedCluster();
cluster.catch(() => undefined);
const timeoutMs = 90_000;

const main = (pod: Pod) => pod.status?.containerStatuses?.find((one) => one.name === 'main');
const waitsFor = (...reasons: string[]) => (pod: Pod): boolean => reasons.includes(main(pod)?.state.waiting?.reason ?? '');
const diedOf = (reason: string, exitCode: number) => (pod: Pod): boolean => {
  const last = main(pod)?.lastState.terminated;
  return last?.reason === reason && last.exitCode === exitCode && waitsFor('CrashLoopBackOff')(pod) && (main(pod)?.restartCount ?? 0) >= 1;
};
const runsUnready = (pod: Pod): boolean => main(pod)?.state.running !== undefined && main(pod)?.started === true && !isReady(pod);
const patchMain = (container: object, pod: object = {}) => (place: Place): Promise<void> => place.patch('Deployment', 'app', templatePatch(container, pod));
const isHealthy = async (place: Place): Promise<boolean> => {
  const { status, metadata, spec } = await place.deployment();
  const wanted = spec.replicas ?? 1;
  return status?.observedGeneration === metadata.generation && status?.['updatedReplicas'] === wanted && status['availableReplicas'] === wanted && status['replicas'] === wanted;
};

const db = JSON.stringify({
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'db', labels: { role: 'db' } },
  spec: { containers: [{ name: 'db', image: 'db:1', ports: [{ name: 'pg', containerPort: 5432 }] }] },
});
const dbService = (targetPort: number | string = 5432, role = 'db'): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'db' }, spec: { selector: { role }, ports: [{ port: 5432, targetPort }] } });
const dbImages = 'images: [{ image: "db:1", listens: [5432] }, { image: "client:1", dependsOn: ["db:5432"] }]';
const denyIngress = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: deny }\nspec: { podSelector: {}, policyTypes: [Ingress] }';
const denyEgress = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: deny }\nspec: { podSelector: { matchLabels: { app: app } }, policyTypes: [Egress] }';
const configMap = (data: Record<string, string>): string => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data });
const documents = (...all: string[]): string => all.join('\n---\n');
const keyRef = { env: [{ name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'mode' } } }] };
const mounted = { volumeMounts: [{ name: 'settings', mountPath: '/etc/app' }] };
const settingsVolume = { volumes: [{ name: 'settings', configMap: { name: 'settings' } }] };
const needsFile = 'images: [{ image: "app:1", files: [/etc/app/app.yaml], fileContains: { /etc/app/app.yaml: "listen:" } }]';
const web = 'images: [{ image: "app:1", listens: [8080], paths: [/healthz] }]';
const probeOn = (port: number, path = '/healthz'): object => ({ httpGet: { port, path }, periodSeconds: 1, failureThreshold: 2 });

const faults: FaultCase[] = [
  {
    name: 'an image that does not exist cannot be pulled until the image is right',
    images: 'images: [{ image: "app:bad", pull: not_found }]',
    manifests: deploymentOf({ image: 'app:bad' }),
    shows: waitsFor('ErrImagePull', 'ImagePullBackOff'),
    heal: patchMain({ image: 'app:good' }),
  },
  {
    name: 'a private image is pulled once the pod spec names an existing pull secret',
    images: 'images: [{ image: "private:1", pull: unauthorized }]',
    manifests: deploymentOf({ image: 'private:1' }),
    shows: waitsFor('ErrImagePull', 'ImagePullBackOff'),
    heal: async (place) => {
      const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') };
      await place.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pull' }, type: 'kubernetes.io/dockerconfigjson', data }));
      await patchMain({}, { imagePullSecrets: [{ name: 'pull' }] })(place);
    },
  },
  {
    name: 'a pull secret on the service account helps new pods only',
    images: 'images: [{ image: "private:1", pull: unauthorized }]',
    manifests: deploymentOf({ image: 'private:1' }),
    shows: waitsFor('ErrImagePull', 'ImagePullBackOff'),
    healedByRestart: true,
    heal: async (place) => {
      const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') };
      await place.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pull' }, type: 'kubernetes.io/dockerconfigjson', data }));
      await place.patch('ServiceAccount', 'default', { imagePullSecrets: [{ name: 'pull' }] });
    },
  },
  {
    name: 'a missing ConfigMap key keeps the container from being created until the key is there',
    manifests: documents(configMap({ other: 'x' }), deploymentOf({ image: 'app:1', ...keyRef })),
    shows: waitsFor('CreateContainerConfigError'),
    heal: (place) => place.patch('ConfigMap', 'settings', { data: { mode: 'prod' } }),
  },
  {
    name: 'a missing Secret keeps the container from being created until it exists',
    manifests: deploymentOf({ image: 'app:1', envFrom: [{ secretRef: { name: 'keys' } }] }),
    shows: waitsFor('CreateContainerConfigError'),
    heal: (place) => place.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { KEY: 'x' } })),
  },
  {
    name: 'a missing volume source leaves the container creating, with a FailedMount event',
    manifests: deploymentOf({ image: 'app:1', ...mounted }, settingsVolume),
    shows: async (pod, place) =>
      waitsFor('ContainerCreating')(pod) && (await place.events('FailedMount')).some((event) => event.involvedObject.name === pod.metadata.name && event.message.includes('configmap "settings" not found')),
    heal: (place) => place.apply(configMap({ 'app.yaml': 'x' })),
  },
  {
    name: 'a command the image does not have is a StartError',
    images: 'images: [{ image: "app:1", command: [app] }]',
    manifests: deploymentOf({ image: 'app:1', command: ['appp'] }),
    shows: diedOf('StartError', 128),
    heal: patchMain({ command: ['app'] }),
  },
  {
    name: 'a required variable that does not resolve makes the container exit',
    images: 'images: [{ image: "app:1", env: [DATABASE_URL] }]',
    manifests: deploymentOf({ image: 'app:1' }),
    shows: diedOf('Error', 1),
    heal: patchMain({ env: [{ name: 'DATABASE_URL', value: 'postgres://db' }] }),
  },
  {
    name: 'a variable with the wrong value makes the container exit',
    images: 'images: [{ image: "app:1", envEquals: { MODE: prod } }]',
    manifests: documents(configMap({ mode: 'dev' }), deploymentOf({ image: 'app:1', ...keyRef })),
    shows: diedOf('Error', 1),
    heal: (place) => place.patch('ConfigMap', 'settings', { data: { mode: 'prod' } }),
  },
  {
    name: 'a file that is not mounted makes the container exit',
    images: needsFile,
    manifests: documents(configMap({ 'app.yaml': 'listen: 1' }), deploymentOf({ image: 'app:1' })),
    shows: diedOf('Error', 1),
    heal: patchMain(mounted, settingsVolume),
  },
  {
    name: 'a mounted file with the wrong content makes the container exit until the ConfigMap is right',
    images: needsFile,
    manifests: documents(configMap({ 'app.yaml': 'port: 1' }), deploymentOf({ image: 'app:1', ...mounted }, settingsVolume)),
    shows: diedOf('Error', 1),
    heal: (place) => place.patch('ConfigMap', 'settings', { data: { 'app.yaml': 'listen: 1' } }),
  },
  {
    name: 'an image that exits does so with its code and log line, readable with --previous',
    images: 'images: [{ image: "app:bad", exit: { code: 3, log: "panic: missing index", after: 200ms } }]',
    manifests: deploymentOf({ image: 'app:bad' }),
    shows: async (pod, place) => diedOf('Error', 3)(pod) && (main(pod)?.restartCount ?? 0) >= 1 && (await place.log(pod.metadata.name, true)).includes('panic: missing index'),
    heal: patchMain({ image: 'app:good' }),
  },
  {
    name: 'a memory limit below the working set is OOMKilled',
    images: 'images: [{ image: "app:1", memory: 128Mi }]',
    manifests: deploymentOf({ image: 'app:1', resources: { limits: { memory: '64Mi' } } }),
    shows: diedOf('OOMKilled', 137),
    heal: patchMain({ resources: { limits: { memory: '256Mi' } } }),
  },
  {
    name: 'a liveness probe nobody answers kills the container again and again',
    images: web,
    manifests: deploymentOf({ image: 'app:1', livenessProbe: probeOn(9090) }),
    shows: async (pod, place) =>
      (main(pod)?.restartCount ?? 0) >= 1 && main(pod)?.lastState.terminated?.exitCode === 137 && (await place.events('Unhealthy')).some((event) => event.message.startsWith('Liveness probe failed')),
    heal: patchMain({ livenessProbe: probeOn(8080) }),
  },
  {
    name: 'a readiness probe on the wrong path leaves the pod Running, not Ready',
    images: web,
    manifests: deploymentOf({ image: 'app:1', readinessProbe: probeOn(8080, '/ready') }),
    shows: runsUnready,
    heal: patchMain({ readinessProbe: probeOn(8080) }),
  },
  {
    name: 'a dependency without a Service is a host that does not exist',
    images: dbImages,
    manifests: documents(db, deploymentOf({ image: 'client:1' })),
    shows: async (pod, place) => runsUnready(pod) && (await place.log(pod.metadata.name)).includes('no such host'),
    heal: (place) => place.apply(dbService()),
  },
  {
    name: 'a dependency behind a wrong targetPort refuses connections',
    images: dbImages,
    manifests: documents(db, dbService(5433), deploymentOf({ image: 'client:1' })),
    shows: async (pod, place) => runsUnready(pod) && (await place.log(pod.metadata.name)).includes('connection refused'),
    heal: (place) => place.apply(dbService('pg')),
  },
  {
    name: 'a dependency whose Service selects nothing refuses connections',
    images: dbImages,
    manifests: documents(db, dbService(5432, 'database'), deploymentOf({ image: 'client:1' })),
    shows: runsUnready,
    heal: (place) => place.patch('Service', 'db', { spec: { selector: { role: 'db' } } }, 'merge'),
  },
  {
    name: 'a policy that denies ingress cuts a dependency off',
    images: dbImages,
    manifests: documents(db, dbService(), denyIngress, deploymentOf({ image: 'client:1' })),
    shows: async (pod, place) => runsUnready(pod) && (await place.log(pod.metadata.name)).includes('i/o timeout'),
    heal: (place) =>
      place.apply(
        'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: allow }\nspec: { podSelector: { matchLabels: { role: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: app } } }], ports: [{ port: 5432 }] }] }',
      ),
  },
  {
    name: 'a policy that denies egress cuts a dependency off',
    images: dbImages,
    manifests: documents(db, dbService(), denyEgress, deploymentOf({ image: 'client:1' })),
    shows: runsUnready,
    heal: (place) => place.remove('NetworkPolicy', 'deny'),
  },
  {
    name: 'an init container waits for a dependency',
    images: dbImages,
    manifests: documents(dbService(), deploymentOf({ image: 'app:1' }, { initContainers: [{ name: 'wait', image: 'client:1' }] })),
    shows: (pod) => pod.status?.phase === 'Pending' && pod.status.initContainerStatuses?.[0]?.state.running !== undefined && waitsFor('PodInitializing')(pod),
    heal: (place) => place.apply(db),
  },
  {
    name: 'an init container that fails is in Init:CrashLoopBackOff',
    images: 'images: [{ image: "migrate:1", env: [DATABASE_URL] }]',
    manifests: deploymentOf({ image: 'app:1' }, { initContainers: [{ name: 'migrate', image: 'migrate:1' }] }),
    shows: (pod) => pod.status?.initContainerStatuses?.[0]?.state.waiting?.reason === 'CrashLoopBackOff' && waitsFor('PodInitializing')(pod),
    heal: (place) =>
      place.patch('Deployment', 'app', {
        spec: { template: { spec: { initContainers: [{ name: 'migrate', env: [{ name: 'DATABASE_URL', value: 'x' }] }] } } },
      }),
  },
  {
    name: 'an image that reads the API is not Ready until RBAC allows it',
    images: 'images: [{ image: "app:1", access: ["list configmaps"] }]',
    manifests: deploymentOf({ image: 'app:1' }),
    shows: async (pod, place) => runsUnready(pod) && (await place.log(pod.metadata.name)).includes('403 Forbidden: configmaps is forbidden'),
    heal: (place) =>
      place.apply(
        documents(
          'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: reader }\nrules: [{ apiGroups: [""], resources: [configmaps], verbs: [list] }]',
          `apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: { name: reader }\nroleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }\nsubjects: [{ kind: ServiceAccount, name: default, namespace: ${place.namespace} }]`,
        ),
      ),
  },
];

async function restart(place: Place): Promise<string[]> {
  const pods = await place.pods();
  for (const pod of pods) await place.remove('Pod', pod.metadata.name);
  return pods.map((pod) => pod.metadata.uid);
}

async function prove(fault: FaultCase, index: number): Promise<void> {
  const place = await (await cluster).place(`fault-${String(index)}`);
  if (fault.images) await place.images(fault.images);
  await place.apply(fault.manifests);
  const showsIn = (known: string[]) => async (): Promise<boolean> => {
    for (const pod of await place.pods()) if (!known.includes(pod.metadata.uid) && (await fault.shows(pod, place))) return true;
    return false;
  };
  await eventually('the fault shows', showsIn([]));
  await eventually('the fault shows again after a restart', showsIn(await restart(place)));
  expect(await isHealthy(place)).toBe(false);
  await fault.heal(place);
  if (fault.healedByRestart) {
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await isHealthy(place)).toBe(false);
    await restart(place);
  }
  await eventually('the right change heals', () => isHealthy(place));
}

describe('the kubelet simulator on a real API server', () => {
  afterAll(async () => {
    const { stop, errors } = await cluster;
    await stop();
    expect(errors).toEqual([]);
  });

  // started together, awaited one by one: the cases spend their time waiting for back-offs
  for (const [index, fault] of faults.entries()) {
    const proof = prove(fault, index);
    proof.catch(() => undefined);
    it(fault.name, () => proof, timeoutMs);
  }
});
