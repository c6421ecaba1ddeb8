import { isPodReady, selects, type KubeObject, type World } from '../../domain/kube.js';
import { policiesAgainst } from '../../domain/network-policy.js';
import { isKnownNamespace, serviceOfHost } from '../../domain/hosts.js';
import { containersOf } from './rollout.js';
import { livePodsOf } from './scene.js';

/** Why a Service cannot be reached, seen from a pod. `unknown` = evidence does not reach that far. */
export type ServiceState =
  | { kind: 'ok' }
  | { kind: 'unknown' }
  | { kind: 'missing'; namespace: string; name: string }
  | { kind: 'port_missing'; service: KubeObject; port: number }
  | { kind: 'selector_mismatch'; service: KubeObject; meant?: KubeObject }
  | { kind: 'no_pods'; service: KubeObject; workload: KubeObject }
  | { kind: 'not_ready'; service: KubeObject; workloads: KubeObject[] }
  | { kind: 'target_port'; service: KubeObject; pod: KubeObject; target: number | string; isCertain: boolean }
  | { kind: 'policy'; service: KubeObject; policies: KubeObject[]; to: KubeObject; port?: number };

interface ServicePort {
  name?: string;
  port: number;
  targetPort?: number | string;
}

const LONG_LIVED = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'];

export function serviceState(world: World, at: { service: string; namespace: string; port?: number }, from?: KubeObject): ServiceState {
  const found = followed(world, at);
  if ('kind' in found) return found;
  const { service, selector } = found;
  const pods = world.list('Pod', service.metadata.namespace).filter((p) => isAlive(p) && selects({ matchLabels: selector }, p.metadata.labels));
  if (pods.length === 0) return withoutPods(world, service, selector);
  const ready = pods.filter(isPodReady);
  if (ready.length === 0) return { kind: 'not_ready', service, workloads: [...new Set(pods.map((p) => world.topOwnerOf(p)))] };
  return portState(world, service, ready, at.port, from);
}

/** How many signposts in a row are followed. */
const MOST_SIGNPOSTS = 3;

interface Place {
  service: string;
  namespace: string;
}
type Unresolved = Extract<ServiceState, { kind: 'unknown' | 'missing' }>;

/** The Service that selects pods: an ExternalName that points back into the cluster is only a signpost to it. */
function followed(world: World, at: Place, left = MOST_SIGNPOSTS): { service: KubeObject; selector: Record<string, string> } | Unresolved {
  const service = world.get('Service', at.namespace, at.service);
  if (!service) return isKnownNamespace(world, at.namespace) ? { kind: 'missing', namespace: at.namespace, name: at.service } : { kind: 'unknown' };
  if (service.spec?.type === 'ExternalName') return signposted(world, service, left);
  const selector: Record<string, string> = service.spec?.selector ?? {};
  return Object.keys(selector).length === 0 ? { kind: 'unknown' } : { service, selector };
}

function signposted(world: World, { metadata, spec }: KubeObject, left: number): ReturnType<typeof followed> {
  const next = left > 0 ? insideOf(world, String(spec.externalName ?? ''), metadata.namespace ?? '') : undefined;
  return next ? followed(world, next, left - 1) : { kind: 'unknown' };
}

/** A host of this cluster for sure: a Service that is there, or written out as one. */
function insideOf(world: World, host: string, namespace: string): Place | undefined {
  const at = serviceOfHost(host, namespace);
  return at && (world.get('Service', at.namespace, at.service) !== undefined || /\.svc(\.|$)/.test(host)) ? at : undefined;
}

const isAlive = (p: KubeObject): boolean => !p.metadata.deletionTimestamp && !['Succeeded', 'Failed'].includes(p.status?.phase);

function withoutPods(world: World, service: KubeObject, selector: Record<string, string>): ServiceState {
  const workloads = LONG_LIVED.flatMap((kind) => world.list(kind, service.metadata.namespace)).filter((o) => world.topOwnerOf(o) === o);
  const fitting = workloads.find((o) => selects({ matchLabels: selector }, o.spec?.template?.metadata?.labels));
  if (fitting) return { kind: 'no_pods', service, workload: fitting };
  return { kind: 'selector_mismatch', service, meant: meantBy(service, workloads, world) };
}

/** The workload that a Service with a broken selector was for: of its name, or the one that shares most of the selector. */
export function meantBy(service: KubeObject, workloads: KubeObject[], world: World): KubeObject | undefined {
  const selector: [string, string][] = Object.entries(service.spec?.selector ?? {});
  const shared = (o: KubeObject) => selector.filter(([k, v]) => o.spec?.template?.metadata?.labels?.[k] === v).length;
  const byName = workloads.find((o) => o.metadata.name === service.metadata.name);
  const best = [...workloads].sort((a, b) => shared(b) - shared(a))[0];
  const close = best && shared(best) > 0 ? best : undefined;
  return byName ?? close ?? workloads.find((o) => livePodsOf(world, o).length > 0 && isKin(o.metadata.name, service));
}

const isKin = (name: string, service: KubeObject): boolean =>
  Object.values<string>(service.spec?.selector ?? {}).some((v) => v.startsWith(name) || name.startsWith(v)) || name.startsWith(service.metadata.name);

function portState(world: World, service: KubeObject, ready: KubeObject[], port: number | undefined, from: KubeObject | undefined): ServiceState {
  const ports: ServicePort[] = service.spec?.ports ?? [];
  if (service.spec?.clusterIP === 'None') return reach(world, service, ready, port, from);
  const entries = port === undefined ? ports : ports.filter((p) => p.port === port);
  if (port !== undefined && entries.length === 0) return { kind: 'port_missing', service, port };
  const wrong = entries.map((entry) => wrongTarget(service, ready, entry)).find((state) => state !== undefined);
  if (wrong) return wrong;
  const entry = entries[0];
  return reach(world, service, ready, entry && resolved(entry, ready[0]!), from);
}

/** A named target must exist; a number that no container declares is a strong hint, since declaring ports is optional. */
function wrongTarget(service: KubeObject, ready: KubeObject[], entry: ServicePort): ServiceState | undefined {
  const pod = ready[0]!;
  const declared = ready.flatMap((p) => containersOf(p)).flatMap((c) => c.ports ?? []);
  const target = entry.targetPort ?? entry.port;
  if (typeof target === 'string') return declared.some((p) => p.name === target) ? undefined : { kind: 'target_port', service, pod, target, isCertain: true };
  if (declared.length === 0 || declared.some((p) => p.containerPort === target)) return undefined;
  return { kind: 'target_port', service, pod, target, isCertain: false };
}

function resolved(entry: ServicePort, pod: KubeObject): number | undefined {
  const target = entry.targetPort ?? entry.port;
  return typeof target === 'number' ? target : containersOf(pod).flatMap((c) => c.ports ?? []).find((p) => p.name === target)?.containerPort;
}

function reach(world: World, service: KubeObject, ready: KubeObject[], port: number | undefined, from: KubeObject | undefined): ServiceState {
  if (!from) return { kind: 'ok' };
  const against = ready.map((to) => ({ to, policies: policiesAgainst(world, { from, to, port }) }));
  const open = against.some((a) => a.policies.length === 0);
  return open ? { kind: 'ok' } : { kind: 'policy', service, policies: against[0]!.policies, to: against[0]!.to, port };
}
