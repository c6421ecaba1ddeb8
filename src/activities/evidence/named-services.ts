import type { KubeObject, World } from '../../domain/kube.js';

/** `db.data:5432`, `api.shop.svc`, `db-0.db.data.svc.cluster.local`. Bounded repeats: linear on any text. */
const HOST = /(?<![a-z0-9.-])[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62})){1,6}(?::\d{1,5})?(?![a-z0-9-])/gi;
const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/;

export interface NamedServices {
  services: KubeObject[];
  /** Namespaces that a host points into, also where the Service itself is missing (that may be the fault). */
  namespaces: Set<string>;
}

/** What the texts talk to inside this cluster. Only what exists counts, so that a version or a file name names nothing. */
export function servicesNamedIn(world: World, texts: Iterable<string>): NamedServices {
  const found = new Set<KubeObject>();
  const namespaces = new Set<string>();
  const byAddress = addressesOf(world);
  for (const text of texts) {
    for (const [token] of text.matchAll(HOST)) {
      const [host, port] = token.toLowerCase().split(':');
      const service = ADDRESS.test(host!) ? byAddress().get(host!) : serviceAt(world, host!.split('.'));
      if (service) found.add(followed(world, service));
      else if (!ADDRESS.test(host!)) addNamespace(world, host!.split('.'), port !== undefined, namespaces);
    }
  }
  for (const service of found) namespaces.add(service.metadata.namespace ?? '');
  return { services: [...found], namespaces };
}

function serviceAt(world: World, labels: readonly string[]): KubeObject | undefined {
  const [first, second, third] = labels;
  const isOfPod = third !== undefined && third !== 'svc';
  return world.get('Service', second, first!) ?? (isOfPod ? world.get('Service', third, second!) : undefined);
}

/** An ExternalName that points back into the cluster is only a signpost. */
function followed(world: World, service: KubeObject): KubeObject {
  const name = service.spec?.type === 'ExternalName' ? (service.spec.externalName as string | undefined) : undefined;
  return (name && serviceAt(world, name.toLowerCase().split('.'))) || service;
}

function addNamespace(world: World, labels: readonly string[], hasPort: boolean, namespaces: Set<string>): void {
  const namespace = labels[1]!;
  if ((hasPort || labels[2] === 'svc') && world.get('Namespace', undefined, namespace)) namespaces.add(namespace);
}

/** Built on first use: most texts carry no address. */
function addressesOf(world: World): () => Map<string, KubeObject> {
  let map: Map<string, KubeObject> | undefined;
  return () => (map ??= new Map(world.list('Service').filter((s) => s.spec?.clusterIP && s.spec.clusterIP !== 'None').map((s) => [s.spec.clusterIP as string, s])));
}

interface ContainerSpec {
  env?: { value?: string }[];
  args?: string[];
  command?: string[];
}

/** Environment values, arguments and commands of a pod template. */
export function textsOf(workload: KubeObject): string[] {
  const spec = podSpecOf(workload);
  const containers: ContainerSpec[] = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return containers.flatMap(({ env = [], args = [], command = [] }) => [...env.map((e) => e.value ?? ''), ...args, ...command]);
}

const podSpecOf = (workload: KubeObject): { initContainers?: ContainerSpec[]; containers?: ContainerSpec[] } | undefined =>
  workload.kind === 'Pod' ? workload.spec : (workload.spec?.jobTemplate?.spec ?? workload.spec)?.template?.spec;
