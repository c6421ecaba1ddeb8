import { isPodReady, type KubeObject, type ObjectRef, type World } from '../domain/kube.js';
import { deploymentsBehind } from './endpoints.js';

export type MeshName = 'Istio' | 'Linkerd';

interface Known {
  namespace: string;
  /** Controllers whose restart the row names. Istio has one per revision. */
  controller: RegExp;
  /** The first is meant where nothing says otherwise. */
  controllers: readonly string[];
  injector: RegExp;
  proxy: string;
}

/** As `istioctl`, `linkerd install` and their charts name them. */
export const MESHES: Readonly<Record<MeshName, Known>> = {
  Istio: { namespace: 'istio-system', controller: /^istiod(-[a-z0-9-]+)?$/, controllers: ['istiod'], injector: /^istio-(sidecar-injector|revision-tag)/, proxy: 'istio-proxy' },
  Linkerd: {
    namespace: 'linkerd',
    controller: /^linkerd-(destination|identity|proxy-injector)$/,
    controllers: ['linkerd-destination', 'linkerd-identity', 'linkerd-proxy-injector'],
    injector: /^linkerd-proxy-injector-webhook-config$/,
    proxy: 'linkerd-proxy',
  },
};

const entries = Object.entries(MESHES) as [MeshName, Known][];

/** The mesh whose control plane this object is part of. */
export const meshControlledBy = ({ kind, namespace, name }: Pick<ObjectRef, 'kind' | 'namespace' | 'name'>): MeshName | undefined =>
  kind === 'Deployment' ? entries.find(([, m]) => m.namespace === namespace && m.controller.test(name))?.[0] : undefined;

/** The webhook configurations that inject sidecars of this mesh. */
export const injectorsOf = (world: World, mesh: MeshName): KubeObject[] => world.list('MutatingWebhookConfiguration').filter((c) => MESHES[mesh].injector.test(c.metadata.name));

export const isInstalled = (world: World, mesh: MeshName): boolean =>
  injectorsOf(world, mesh).length > 0 || world.list('Deployment', MESHES[mesh].namespace).some((d) => MESHES[mesh].controller.test(d.metadata.name));

export interface Membership {
  mesh: MeshName;
  /** Istio's revision or tag, where one is named. */
  revision?: string;
}

/** Which mesh injects a sidecar into new pods of this workload, by its own labels and its namespace's; undefined when none does. */
export function membershipOf(world: World, workload: KubeObject): Membership | undefined {
  const own = marksOf(workload.spec?.template);
  const whole = marksOf(world.get('Namespace', undefined, workload.metadata.namespace ?? ''));
  const revision = own.labels['istio.io/rev'] ?? whole.labels['istio.io/rev'];
  if (isInIstio(own, whole, revision)) return { mesh: 'Istio', ...(revision ? { revision } : {}) };
  const linkerd = own.annotations['linkerd.io/inject'] ?? whole.annotations['linkerd.io/inject'];
  return linkerd === 'enabled' || linkerd === 'ingress' ? { mesh: 'Linkerd' } : undefined;
}

interface Marks {
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

const marksOf = (o: { metadata?: Partial<Marks> } | undefined): Marks => ({ labels: o?.metadata?.labels ?? {}, annotations: o?.metadata?.annotations ?? {} });

/** A namespace that says no wins over its pods; a pod that says no wins over its namespace; a revision is a yes. */
function isInIstio(own: Marks, whole: Marks, revision: string | undefined): boolean {
  const asked = own.labels['sidecar.istio.io/inject'] ?? own.annotations['sidecar.istio.io/inject'];
  const injection = whole.labels['istio-injection'];
  if (asked === 'false' || injection === 'disabled') return false;
  return asked === 'true' || injection === 'enabled' || revision !== undefined;
}

export interface WebhookService {
  namespace: string;
  name: string;
}

interface Webhook {
  clientConfig?: { service?: WebhookService; url?: string };
  failurePolicy?: string;
}

/** The configurations that inject into pods of this revision; all of the mesh where it has no revisions. */
export function injectorsFor(world: World, { mesh, revision }: Membership): KubeObject[] {
  const all = injectorsOf(world, mesh);
  if (mesh === 'Linkerd') return all;
  const isMeant = ({ metadata: { labels = {} } }: KubeObject): boolean => [labels['istio.io/rev'] ?? 'default', labels['istio.io/tag']].includes(revision ?? 'default');
  const meant = all.filter(isMeant);
  return meant.length === 0 && revision === undefined ? all : meant;
}

/** The Services that are asked before a pod starts, each once. */
export function servicesAskedBy(injectors: readonly KubeObject[]): WebhookService[] {
  const services = injectors.flatMap((c) => (c.webhooks ?? []) as Webhook[]).flatMap((w) => (w.clientConfig?.service ? [w.clientConfig.service] : []));
  return [...new Map(services.map(({ namespace, name }) => [`${namespace}/${name}`, { namespace, name }])).values()];
}

/** With `Fail` no pod starts while the injector is away; with `Ignore` pods start without a proxy. */
export const failurePolicyOf = (injectors: readonly KubeObject[]): string =>
  injectors.flatMap((c) => (c.webhooks ?? []) as Webhook[]).some((w) => (w.failurePolicy ?? 'Fail') === 'Fail') ? 'Fail' : 'Ignore';

/** What decisions about a mesh need to see, wherever the target is: the injectors' Services, who answers there, and certificates. */
export function meshParts(world: World): KubeObject[] {
  return entries.flatMap(([mesh, { namespace }]) => {
    if (!isInstalled(world, mesh)) return [];
    const asked = servicesAskedBy(injectorsOf(world, mesh));
    const services = asked.map((s) => world.get('Service', s.namespace, s.name)).filter((s) => s !== undefined);
    const slices = services.flatMap((s) => world.list('EndpointSlice', s.metadata.namespace).filter((e) => e.metadata.labels?.['kubernetes.io/service-name'] === s.metadata.name));
    return [...services, ...slices, ...services.flatMap((s) => deploymentsBehind(world, s)), ...world.list('Certificate', namespace)];
  });
}

interface Container {
  name: string;
  image?: string;
  restartPolicy?: string;
}

/** The proxy container of a pod, which may be an init container that goes on running (native sidecar). */
export function proxyIn(spec: KubeObject['spec'], mesh: MeshName): Container | undefined {
  const { proxy } = MESHES[mesh];
  const native = ((spec?.initContainers ?? []) as Container[]).filter((c) => c.restartPolicy === 'Always');
  return [...((spec?.containers ?? []) as Container[]), ...native].find((c) => c.name === proxy);
}

interface Status {
  name: string;
  ready?: boolean;
}

export function isProxyReady(pod: KubeObject, mesh: MeshName): boolean {
  const statuses = [...((pod.status?.containerStatuses ?? []) as Status[]), ...((pod.status?.initContainerStatuses ?? []) as Status[])];
  return isPodReady(pod) && statuses.some((s) => s.name === MESHES[mesh].proxy && s.ready === true);
}

/** `1.24.2` of `docker.io/istio/proxyv2:1.24.2-distroless`; undefined where the tag is a digest or a word. */
export const versionOf = (image: string | undefined): string | undefined => /:[a-z]*-?v?(\d+\.\d+\.\d+)[^/]*$/.exec((image ?? '').replace(/@.*$/, ''))?.[1];
