import { controllerOf, type KubeObject, type World } from '../domain/kube.js';
import type { Evidence } from '../domain/evidence.js';
import { podSpecOf, refuse, TERMINAL_PHASES, type PodSpec } from './workload.js';

/** Kinds whose pods we can replace one after the other. */
const ROLLABLE = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
/** Their next run reads the new value by itself. */
const SHORT_LIVED = ['Job', 'CronJob'];

interface Named {
  name?: string;
}

interface Volume extends Named {
  secret?: { secretName?: string };
  projected?: { sources?: { secret?: Named }[] };
}

interface Container {
  env?: { valueFrom?: { secretKeyRef?: Named } }[];
  envFrom?: { secretRef?: Named }[];
  volumeMounts?: { name: string; subPath?: string; subPathExpr?: string }[];
}

const containersOf = (spec: PodSpec): Container[] => [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])] as Container[];

/**
 * Does a pod of this spec keep the old value until it is restarted? Environment, subPath mounts and pull secrets are read once; a
 * plain mount is refreshed by the kubelet.
 */
export function holdsOldValue(spec: PodSpec, secret: string): boolean {
  const volumes = new Set(((spec?.volumes ?? []) as Volume[]).filter((v) => carries(v, secret)).map((v) => v.name));
  const isPulledWith = ((spec?.imagePullSecrets ?? []) as Named[]).some((s) => s.name === secret);
  return isPulledWith || containersOf(spec).some((c) => readsIt(c, secret) || mountsPartOf(c, volumes));
}

const carries = (v: Volume, secret: string): boolean => v.secret?.secretName === secret || (v.projected?.sources ?? []).some((s) => s.secret?.name === secret);

const readsIt = ({ env, envFrom }: Container, secret: string): boolean =>
  (env ?? []).some((e) => e.valueFrom?.secretKeyRef?.name === secret) || (envFrom ?? []).some((e) => e.secretRef?.name === secret);

const mountsPartOf = ({ volumeMounts }: Container, volumes: ReadonlySet<string | undefined>): boolean =>
  (volumeMounts ?? []).some((m) => volumes.has(m.name) && (m.subPath !== undefined || m.subPathExpr !== undefined));

/** Workloads that must be restarted for a new value to reach their pods, in a stable order. */
export const consumersOf = (world: World, namespace: string, secret: string): KubeObject[] =>
  ROLLABLE.flatMap((kind) => world.list(kind, namespace).sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))).filter((o) => holdsOldValue(podSpecOf(o), secret));

/** A pod that would keep the old value because nothing we may restart stands behind it. */
export const strandedPod = (world: World, namespace: string, secret: string): KubeObject | undefined =>
  world.list('Pod', namespace).find((pod) => isRunning(pod) && holdsOldValue(pod.spec, secret) && !isReplaceable(world, pod));

const isRunning = (pod: KubeObject): boolean => !pod.metadata.deletionTimestamp && !TERMINAL_PHASES.includes(pod.status?.phase);

function isReplaceable(world: World, pod: KubeObject): boolean {
  const top = world.topOwnerOf(pod);
  // the owner itself may have been left out of the evidence: its kind is still written here
  const kind = controllerOf(top)?.kind ?? top.kind;
  return [...ROLLABLE, ...SHORT_LIVED].includes(kind);
}

/** A list that was cut, or a kind that cannot be read, may hide a consumer that would keep the old value. */
export function checkConsumersKnown({ missing }: Evidence, namespace: string, at: string): void {
  const kinds = [...ROLLABLE.map((kind) => `${kind}s`), 'Pods', 'pods'];
  const gap = missing.find(({ what }) => kinds.some((kind) => what === kind || what === `${kind} of namespace ${namespace}`));
  if (gap) refuse('PreconditionChanged', `${at}: not all consumers are known (${gap.what}: ${gap.why}); a person must rotate it`);
}
