import { isKubernautError } from '../domain/errors.js';
import type { EventLine } from '../domain/evidence.js';
import { podsOf, type KubeObject, type ObjectRef, type World } from '../domain/kube.js';
import type { ActionFacts, ExecuteContext } from './define.js';

const AT_ONCE = 4;
const CALL_MS = 10_000;
const TAIL_LINES = 500;
const LIMIT_BYTES = 256 * 1024;
const MAX_PODS = 10;

/** Strings still go through the redactor before they are stored; values of environment variables never leave here. */
export interface Diagnostics {
  objects: KubeObject[];
  events: EventLine[];
  nodes: { name: string; conditions: unknown }[];
  logs: { pod: string; container: string; isPrevious: boolean; text: string }[];
  /** What could not be read, and why. */
  missing: { what: string; why: string }[];
}

export async function collect(target: ObjectRef, { world }: ActionFacts, { cluster, signal }: ExecuteContext): Promise<Diagnostics> {
  const object = world.get(target.kind, target.namespace, target.name);
  if (!object) {
    return { objects: [], events: cluster.events([target]), nodes: [], logs: [], missing: [{ what: `${target.kind} ${target.name}`, why: 'it does not exist' }] };
  }
  const pods = podsOf(world, object).slice(0, MAX_PODS);
  const family = familyOf(world, object, pods);
  const result: Diagnostics = {
    objects: family.map(withoutEnvValues),
    events: cluster.events(family.map((o) => ({ kind: o.kind, namespace: o.metadata.namespace, name: o.metadata.name }))),
    nodes: nodesOf(world, pods),
    logs: [],
    missing: [{ what: 'resource metrics', why: 'they are not read from the cluster here' }],
  };
  await inLanes(pods.flatMap(logsOf), async (want) => {
    signal.throwIfAborted();
    try {
      const text = await within(CALL_MS, cluster.logs(want.pod, { container: want.container, isPrevious: want.isPrevious, tailLines: TAIL_LINES, limitBytes: LIMIT_BYTES }));
      result.logs.push({ pod: want.pod.name, container: want.container, isPrevious: want.isPrevious, text });
    } catch (error) {
      result.missing.push({ what: `${want.isPrevious ? 'previous ' : ''}log of ${want.pod.name}/${want.container}`, why: isKubernautError(error) ? error.code : String(error) });
    }
  });
  return result;
}

/** The object, what owns it and what it owns, its pods last. */
function familyOf(world: World, object: KubeObject, pods: readonly KubeObject[]): KubeObject[] {
  const top = world.topOwnerOf(object);
  const between = world.ownedBy(top.metadata.uid ?? '').filter((o) => o.kind !== 'Pod');
  const unique = new Map([top, object, ...between, ...pods].map((o) => [`${o.kind}/${o.metadata.name}`, o]));
  return [...unique.values()];
}

const nodesOf = (world: World, pods: readonly KubeObject[]): Diagnostics['nodes'] =>
  [...new Set(pods.map((p) => p.spec?.nodeName as string | undefined))]
    .map((name) => world.get('Node', undefined, name ?? ''))
    .filter((n): n is KubeObject => n !== undefined)
    .map((n) => ({ name: n.metadata.name, conditions: n.status?.conditions ?? [] }));

interface WantedLog {
  pod: { namespace: string; name: string };
  container: string;
  isPrevious: boolean;
}

/** The previous run only where there was one. */
function logsOf(pod: KubeObject): WantedLog[] {
  const statuses: { name: string; restartCount?: number }[] = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const at = { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name };
  return statuses.flatMap((s) => [false, ...(s.restartCount ? [true] : [])].map((isPrevious) => ({ pod: at, container: s.name, isPrevious })));
}

function withoutEnvValues(object: KubeObject): KubeObject {
  const copy = structuredClone(object);
  delete copy.metadata.managedFields;
  const specs = [copy.spec, copy.spec?.template?.spec, copy.spec?.jobTemplate?.spec?.template?.spec].filter(Boolean);
  const containers = specs.flatMap((s) => [...(s.containers ?? []), ...(s.initContainers ?? []), ...(s.ephemeralContainers ?? [])]);
  for (const variable of containers.flatMap((c) => c.env ?? [])) if (variable.value !== undefined) variable.value = '[redacted]';
  // kubectl apply keeps the whole manifest here, environment included
  delete copy.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'];
  return copy;
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** A hung kubelet must not hold the whole collection. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
