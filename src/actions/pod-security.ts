import type { KubeObject, World } from '../domain/kube.js';

const ENFORCE = 'pod-security.kubernetes.io/enforce';

/** The levels of the Pod Security Standards. A label that is none of them is enforced as the strictest, as the API server does. */
export type PodSecurityLevel = 'privileged' | 'baseline' | 'restricted';

export function enforcedLevel(world: World, namespace: string | undefined): PodSecurityLevel {
  const label = world.get('Namespace', undefined, namespace ?? '')?.metadata.labels?.[ENFORCE];
  if (label === undefined) return 'privileged';
  return label === 'privileged' || label === 'baseline' ? label : 'restricted';
}

interface Context {
  runAsNonRoot?: boolean;
  runAsUser?: number;
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  capabilities?: { drop?: string[]; add?: string[] };
  seccompProfile?: { type?: string };
}

interface Container {
  name: string;
  securityContext?: Context;
}

export const hasHostNamespaces = ({ spec }: KubeObject): boolean => Boolean(spec?.hostNetwork || spec?.hostPID || spec?.hostIPC);

/**
 * Adding a container is judged with the whole pod: one that was admitted before the label was set blocks every change.
 * The well-known part of the standards; the API server has the last word in the dry run.
 */
export function whyNotAllowed(level: PodSecurityLevel, pod: KubeObject): string | undefined {
  if (level === 'privileged') return undefined;
  const { volumes = [], securityContext = {} } = pod.spec ?? {};
  if (hasHostNamespaces(pod)) return 'it uses namespaces of its node';
  if (volumes.some((v: { hostPath?: unknown }) => v.hostPath)) return 'it mounts folders of its node';
  const loose = containersOf(pod).find((c) => !keepsTo(level, c, securityContext));
  return loose && `its container ${loose.name} is not ${level}`;
}

const containersOf = ({ spec }: KubeObject): Container[] => [spec?.initContainers, spec?.containers, spec?.ephemeralContainers].flatMap((list: Container[] | undefined) => list ?? []);

const keepsTo = (level: PodSecurityLevel, { securityContext: own = {} }: Container, pods: Context): boolean =>
  own.privileged !== true && (level === 'baseline' || isRestricted(own, pods));

function isRestricted(own: Context, pods: Context): boolean {
  const { runAsNonRoot, runAsUser, seccompProfile } = { ...pods, ...own };
  const isBound = own.allowPrivilegeEscalation === false && (own.capabilities?.drop ?? []).includes('ALL');
  return isBound && runAsNonRoot === true && runAsUser !== 0 && ['RuntimeDefault', 'Localhost'].includes(seccompProfile?.type ?? '');
}
