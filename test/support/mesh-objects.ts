import type { KubeObject } from '../../src/domain/kube.js';
import { deploymentOf, NOW, podOf, replicaSetOf, threeNodes } from './objects.js';

/** An Istio of two replicas in JSON, as small as the code under test allows. */

export const ISTIO = 'istio-system';

export const istiodOf = (o: Parameters<typeof deploymentOf>[1] = {}): KubeObject =>
  deploymentOf('istiod', { namespace: ISTIO, image: 'docker.io/istio/pilot:1.24.2', ...o, status: { conditions: [{ type: 'Available', status: 'True' }], ...o.status } });

export const serviceOf = (namespace: string, name: string, app = name): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { namespace, name, uid: `uid-service-${name}` }, spec: { selector: { app }, ports: [{ port: 443 }] } });

export const slicesTo = (namespace: string, service: string, ready: number): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { namespace, name: `${service}-x`, uid: `uid-slice-${service}`, labels: { 'kubernetes.io/service-name': service } },
  endpoints: [...Array.from({ length: ready }, (_, n) => ({ addresses: [`10.0.0.${n + 1}`], conditions: { ready: true } })), { addresses: ['10.0.1.1'], conditions: { ready: false } }],
});

/** Matches no pod at all: a real API server would call it otherwise. */
export const injectorOf = (name = 'istio-sidecar-injector', service: { namespace: string; name: string } = { namespace: ISTIO, name: 'istiod' }, labels: Record<string, string> = {}, failurePolicy = 'Fail'): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name, labels },
  webhooks: [
    {
      name: 'sidecar-injector.istio.io', clientConfig: { service: { ...service, path: '/inject', port: 443 } }, failurePolicy, sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 1,
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      namespaceSelector: { matchLabels: { 'matches.example.com/nothing': 'yes' } },
    },
  ],
});

export const certificateOf = (notAfter: string | undefined, name = 'istio-ca', namespace = ISTIO): KubeObject => ({
  apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { namespace, name, uid: `uid-certificate-${name}` }, spec: {}, status: notAfter === undefined ? {} : { notAfter },
});

export const namespaceOf = (name: string, labels: Record<string, string> = {}, annotations: Record<string, string> = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: `uid-namespace-${name}`, labels, annotations } });

/** `{ name: istio-proxy, … }` beside the workload's own container. */
export const proxyContainer = (version = '1.24.2', name = 'istio-proxy') => ({ name, image: `docker.io/istio/proxyv2:${version}` });

/** A healthy mesh: pass what to leave out or to replace by kind and name. */
export function meshOf(replace: KubeObject[] = [], without: string[] = []): KubeObject[] {
  const istiod = istiodOf();
  const all = [istiod, replicaSetOf(istiod, 1, { available: 2 }), serviceOf(ISTIO, 'istiod'), slicesTo(ISTIO, 'istiod', 2), injectorOf(), certificateOf('2026-06-01T00:00:00Z'), namespaceOf('shop', { 'istio-injection': 'enabled' }), ...threeNodes()];
  const key = (o: KubeObject): string => `${o.kind}/${o.metadata.name}`;
  const replaced = new Set([...replace.map(key), ...without]);
  return [...all.filter((o) => !replaced.has(key(o))), ...replace];
}

/** A pod of the new template: annotated as the restart annotates it. */
export function restartedPod(name: string, owner: KubeObject, containers: { name: string; image: string; isInit?: boolean; isReady?: boolean }[], at = NOW): KubeObject {
  const pod = podOf(name, { owner, annotations: { 'kubectl.kubernetes.io/restartedAt': at } });
  const status = (c: { name: string; isReady?: boolean }) => ({ name: c.name, ready: c.isReady ?? true, restartCount: 0 });
  const own = containers.filter((c) => !c.isInit);
  const init = containers.filter((c) => c.isInit);
  pod.spec.containers.push(...own.map(({ name: n, image }) => ({ name: n, image })));
  pod.status.containerStatuses.push(...own.map(status));
  if (init.length > 0) {
    pod.spec.initContainers = init.map(({ name: n, image }) => ({ name: n, image, restartPolicy: 'Always' }));
    pod.status.initContainerStatuses = init.map(status);
  }
  return pod;
}
