import { KubeRequestError, tolerating, type KubeClient } from './kube-client.js';

export const sandboxNamespace = 'kubernaut-sandbox';
const serviceName = 'metrics';
const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
const apiServiceName = 'v1beta1.metrics.k8s.io';

/** Creates the object, or brings the one that is there to the same content. */
async function put(client: KubeClient, collection: string, name: string, body: object): Promise<void> {
  const created = await tolerating([409], client.request('POST', collection, body));
  if (created === undefined) await client.request('merge', `${collection}/${name}`, body);
}

/**
 * Announces metrics.k8s.io at a local port: the aggregator reaches it through a Service of type ExternalName, so the
 * real autoscaler works.
 */
export async function registerMetricsApi(client: KubeClient, port: number): Promise<void> {
  const services = `/api/v1/namespaces/${sandboxNamespace}/services`;
  const metadata = { name: serviceName, namespace: sandboxNamespace };
  await put(client, services, serviceName, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port, protocol: 'TCP' }] },
  });
  await put(client, apiServices, apiServiceName, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: apiServiceName },
    spec: {
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { namespace: sandboxNamespace, name: serviceName, port },
    },
  });
}

/** The namespace of the image table; an existing table is never touched. */
export async function createImageTable(client: KubeClient, images: string): Promise<void> {
  await tolerating([409], client.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: sandboxNamespace } }));
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'images', namespace: sandboxNamespace }, data: { 'images.yaml': images } };
  await tolerating([409], client.request('POST', `/api/v1/namespaces/${sandboxNamespace}/configmaps`, body));
}

/** The server's version, for the nodes' kubeletVersion; the error of an unreachable server is thrown as is. */
export async function serverVersion(client: KubeClient): Promise<string> {
  const { gitVersion } = await client.request<{ gitVersion: string }>('GET', '/version');
  if (!gitVersion) throw new KubeRequestError(200, 'Unknown', 'GET /version: the answer names no gitVersion; is this an API server?');
  return gitVersion;
}
