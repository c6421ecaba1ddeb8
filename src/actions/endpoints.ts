import { selects, type KubeObject, type World } from '../domain/kube.js';

interface Endpoint {
  addresses?: string[];
  conditions?: { ready?: boolean };
}

/** Addresses behind a Service that are ready. By the API an absent condition means ready. */
export const readyEndpoints = (world: World, namespace: string, service: string): number =>
  world
    .list('EndpointSlice', namespace)
    .filter((s) => s.metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap((s) => (s.endpoints ?? []) as Endpoint[])
    .filter((e) => e.conditions?.ready !== false && (e.addresses?.length ?? 0) > 0).length;

const selectorOf = (service: KubeObject): Record<string, string> => service.spec?.selector ?? {};

const isBehind = (service: KubeObject, workload: KubeObject): boolean =>
  Object.keys(selectorOf(service)).length > 0 && selects({ matchLabels: selectorOf(service) }, workload.spec?.template?.metadata?.labels);

/** Services that lead to the pods of a workload. */
export const servicesTo = (world: World, workload: KubeObject): KubeObject[] => world.list('Service', workload.metadata.namespace).filter((s) => isBehind(s, workload));

/** Deployments that a Service leads to. */
export const deploymentsBehind = (world: World, service: KubeObject): KubeObject[] => world.list('Deployment', service.metadata.namespace).filter((d) => isBehind(service, d));
