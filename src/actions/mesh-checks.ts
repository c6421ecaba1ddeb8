import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import type { ActionFacts } from './define.js';
import { deploymentsBehind, readyEndpoints } from './endpoints.js';
import { failurePolicyOf, injectorsFor, MESHES, servicesAskedBy, versionOf, type Membership, type MeshName } from './mesh.js';
import { nameOf } from './scaling.js';
import { refuse } from './workload.js';

const DAY_MS = 86_400_000;

/** A new pod must be injected: the control plane is there, and the webhook that injects has somebody to answer. */
export function checkInjection(workload: KubeObject, membership: Membership, world: World): void {
  const at = nameOf(workload);
  const { mesh } = membership;
  const injectors = injectorsFor(world, membership);
  const services = servicesAskedBy(injectors);
  if (services.length === 0) {
    return refuse('PreconditionChanged', `${at}: no injection webhook of ${mesh}${membership.revision ? ` revision ${membership.revision}` : ''} leads to a Service of this cluster, new pods might start without a proxy; repair the mesh first`);
  }
  const fate = failurePolicyOf(injectors) === 'Fail' ? 'no new pod would start' : 'new pods would start without a proxy';
  for (const { namespace, name } of services) {
    if (readyEndpoints(world, namespace, name) === 0) refuse('PreconditionChanged', `${at}: the injection webhook's service ${namespace}/${name} has no ready endpoint, ${fate}; repair the control plane first`);
  }
  const down = controlPlaneOf(world, services).find((d) => !isAvailable(d));
  if (down) refuse('PreconditionChanged', `${at}: ${nameOf(down)} of ${mesh} is not Available; repair the control plane first`);
}

const controlPlaneOf = (world: World, services: { namespace: string; name: string }[]): KubeObject[] =>
  services.flatMap(({ namespace, name }) => {
    const service = world.get('Service', namespace, name);
    return service ? deploymentsBehind(world, service) : [];
  });

export const isAvailable = (d: KubeObject): boolean => conditionOf(d, 'Available')?.status === 'True' && (d.status?.availableReplicas ?? 0) > 0;

/** One replica answers while the other restarts. */
export function checkReplicas(controller: KubeObject): void {
  const ready: number = controller.status?.readyReplicas ?? 0;
  const wanted: number = controller.spec.replicas ?? 1;
  if (wanted < 2 || ready < 2) refuse('PreconditionChanged', `${nameOf(controller)} has ${ready} Ready replicas of ${wanted}, injection and certificates would stop while it restarts; it needs two`);
}

/**
 * A restart renews certificates, or fails to. Their ends can be read where cert-manager issues them in the mesh's namespace;
 * a mesh that keeps its own CA keeps it in Secrets, which are never read: then a person has to look. Returns why, or undefined.
 */
export function certificateDoubt(mesh: MeshName, { world, now }: ActionFacts): string | undefined {
  const { namespace } = MESHES[mesh];
  const certificates = world.list('Certificate', namespace).filter((c) => c.apiVersion.startsWith('cert-manager.io/'));
  for (const { metadata, status } of certificates) {
    const end = status?.notAfter as string | undefined;
    if (end !== undefined && !(Date.parse(end) - Date.parse(now) > DAY_MS)) {
      refuse('PreconditionChanged', `certificate ${namespace}/${metadata.name} of ${mesh} ends at ${end}, within 24 h; renew it first, a restart would cut its proxies off`);
    }
  }
  const unread = certificates.filter((c) => c.status?.notAfter === undefined).map((c) => c.metadata.name);
  if (certificates.length === 0) return `nobody could read when the certificates of ${mesh} end (no cert-manager Certificate in ${namespace}): see that they last 24 h more`;
  return unread.length > 0 ? `certificate ${unread.join(', ')} does not say when it ends: see that it lasts 24 h more` : undefined;
}

/** Somebody chose the proxy's image or version by annotation: the control plane's version says nothing about it. */
const CHOSEN = ['sidecar.istio.io/proxyImage', 'config.linkerd.io/proxy-version', 'config.linkerd.io/proxy-image'];

/** The version that injected proxies will have: their control plane's, which is released together with them. */
export function expectedVersion(world: World, membership: Membership, workload: KubeObject): string | undefined {
  const annotations = { ...world.get('Namespace', undefined, workload.metadata.namespace ?? '')?.metadata.annotations, ...workload.spec?.template?.metadata?.annotations };
  if (CHOSEN.some((key) => annotations[key] !== undefined)) return undefined;
  const versions = controlPlaneOf(world, servicesAskedBy(injectorsFor(world, membership))).flatMap((d) => versionOf(d.spec.template.spec.containers[0]?.image) ?? []);
  return new Set(versions).size === 1 ? versions[0] : undefined;
}
