import type { Pod, Service } from './kube-types.js';
import { isConnectionAllowed } from './network-policy.js';
import { selectorMatches } from './selectors.js';
import type { World } from './world.js';

/** Why a client cannot connect, as Go's net package words it; undefined = it can. */
export type Unreachable = 'no such host' | 'connection refused' | 'i/o timeout';

interface Destination {
  service: string;
  namespace: string;
  port: number;
}

/** `service[.namespace[.svc…]]:port` as seen from a namespace. */
export function destinationOf(address: string, fromNamespace: string): Destination {
  const [host = '', port = '80'] = address.replace(/^[a-z]+:\/\//, '').split('/')[0]?.split(':') ?? [];
  const [service = '', namespace] = host.split('.');
  return { service, namespace: namespace ?? fromNamespace, port: Number(port) };
}

export const isPodReady = (pod: Pod): boolean =>
  !pod.metadata.deletionTimestamp && (pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false);

/** A pod listens where the described images of its containers do; with none described, everywhere. */
function listensOn(pod: Pod, port: number, world: World): boolean {
  const namespace = pod.metadata.namespace ?? 'default';
  const declared = pod.spec.containers.flatMap((container) => {
    const { listens } = world.images.entryOf(container.image, namespace);
    return listens ? [listens] : [];
  });
  return declared.length === 0 || declared.some((ports) => ports.includes(port));
}

/** The pod's own port behind a Service port; a headless Service translates nothing. */
function targetPortOf(service: Service, port: number, pod: Pod): number | undefined {
  if (service.spec.clusterIP === 'None') return port;
  const entry = service.spec.ports?.find((one) => one.port === port);
  if (!entry) return undefined;
  const target = entry.targetPort ?? port;
  if (typeof target === 'number') return target;
  return pod.spec.containers.flatMap((one) => one.ports ?? []).find((one) => one.name === target)?.containerPort;
}

function throughExternalName(service: Service, destination: Destination, from: Pod, world: World, hops: number): Unreachable | undefined {
  const external = service.spec.externalName ?? '';
  if (!external.includes('.svc')) return undefined;
  return connectTo(`${external}:${String(destination.port)}`, from, world, hops + 1);
}

function throughSlices(service: Service, port: number, world: World): Unreachable | undefined {
  const entry = service.spec.ports?.find((one) => one.port === port);
  const isServed = world
    .list('EndpointSlice', service.metadata.namespace)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name)
    .filter((slice) => slice.ports?.some((one) => (one.name ?? '') === (entry?.name ?? '')))
    .some((slice) => slice.endpoints?.some((endpoint) => endpoint.conditions?.ready !== false));
  return entry && isServed ? undefined : 'connection refused';
}

function throughPods(service: Service, port: number, from: Pod, world: World): Unreachable | undefined {
  const backends = world
    .list('Pod', service.metadata.namespace)
    .filter((pod) => selectorMatches({ matchLabels: service.spec.selector }, pod.metadata.labels))
    .filter((pod) => isPodReady(pod) || (service.spec.publishNotReadyAddresses === true && pod.status?.phase === 'Running'))
    .flatMap((pod) => {
      const target = targetPortOf(service, port, pod);
      return target !== undefined && listensOn(pod, target, world) ? [{ pod, port: target }] : [];
    });
  if (backends.length === 0) return 'connection refused';
  const protocol = service.spec.ports?.find((one) => one.port === port)?.protocol ?? 'TCP';
  const isOpen = backends.some((backend) => isConnectionAllowed({ from, to: backend.pod, port: backend.port, protocol }, world));
  return isOpen ? undefined : 'i/o timeout';
}

const maxAliases = 4;

/**
 * Can this pod open a connection to `db.data:5432`? The Service exists, selects Ready pods, its target port is one they
 * listen on, and no NetworkPolicy on either side forbids it (sandbox.md 2).
 */
export function connectTo(address: string, from: Pod, world: World, hops = 0): Unreachable | undefined {
  const destination = destinationOf(address, from.metadata.namespace ?? 'default');
  const service = world.get('Service', destination.namespace, destination.service);
  if (!service || hops > maxAliases) return 'no such host';
  if (service.spec.type === 'ExternalName') return throughExternalName(service, destination, from, world, hops);
  const hasSelector = Object.keys(service.spec.selector ?? {}).length > 0;
  return hasSelector ? throughPods(service, destination.port, from, world) : throughSlices(service, destination.port, world);
}
