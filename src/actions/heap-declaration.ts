import type { KubeObject } from '../domain/kube.js';
import { quantityOf } from '../domain/quantity.js';
import { HEAP_RUNTIMES, type HeapRuntime } from './heap-runtimes.js';
import { nameOfPod } from './pod.js';
import { refuse } from './workload.js';

/** Annotations of the pod, hence of its template: only its owner writes them. */
export const HEAP = {
  /** `jvm` or `dotnet`. */
  runtime: 'kubernaut.io/heap-runtime',
  /** A folder on one of the container's volumes. */
  dir: 'kubernaut.io/heap-dir',
  /** Needed where the pod has several containers. */
  container: 'kubernaut.io/heap-container',
  /** The largest the heap can be; the container's memory limit where it is not given. */
  max: 'kubernaut.io/heap-max',
} as const;

/** Neither `..` nor a leading dash nor anything a shell would look at. */
const FOLDER = /^(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,62}){1,8}$/;
/** Room for the file and what else is written meanwhile. */
const ROOM = 1.2;

interface Mount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
}

export interface HeapContainer {
  name: string;
  resources?: { limits?: Record<string, string> };
  volumeMounts?: Mount[];
  livenessProbe?: { periodSeconds?: number; failureThreshold?: number };
}

export interface HeapDeclaration {
  runtime: HeapRuntime;
  container: HeapContainer;
  dir: string;
  /** The volume goes with the pod. */
  diesWithPod: boolean;
  /** What must be free for the file. */
  roomBytes: number;
}

/** What the owner declared, or a refusal that says what to declare. */
export function heapDeclarationOf(pod: KubeObject): HeapDeclaration {
  const at = nameOfPod(pod);
  const { [HEAP.runtime]: name, [HEAP.dir]: dir } = pod.metadata.annotations ?? {};
  if (name === undefined || dir === undefined) return refuse('PreconditionChanged', `${at}: its owner declared no heap dump; annotate the template with ${HEAP.runtime} and ${HEAP.dir}`);
  const runtime = Object.hasOwn(HEAP_RUNTIMES, name) ? HEAP_RUNTIMES[name] : undefined;
  if (!runtime) return refuse('Unsupported', `${at}: there is no adapter for the runtime ${JSON.stringify(name).slice(0, 40)}; ${Object.keys(HEAP_RUNTIMES).join(' and ')} have one`);
  if (!FOLDER.test(dir)) return refuse('PreconditionChanged', `${at}: ${HEAP.dir} is not a plain absolute folder; correct the annotation`);
  const container = containerOf(pod, at);
  const roomBytes = Math.ceil(heapBytesOf(pod, container, at) * ROOM);
  return { runtime, container, dir, diesWithPod: checkVolume({ pod, container, dir, roomBytes, at }), roomBytes };
}

function containerOf(pod: KubeObject, at: string): HeapContainer {
  const containers: HeapContainer[] = pod.spec?.containers ?? [];
  const name = pod.metadata.annotations?.[HEAP.container];
  if (name === undefined && containers.length > 1) refuse('PreconditionChanged', `${at} has several containers; name one with the annotation ${HEAP.container}`);
  const found = name === undefined ? containers[0] : containers.find((c) => c.name === name);
  return found ?? refuse('PreconditionChanged', `${at} has no container ${name}; correct the annotation ${HEAP.container}`);
}

/** Its upper bound: what the heap holds now is known only to the process. */
function heapBytesOf(pod: KubeObject, { name, resources }: HeapContainer, at: string): number {
  const declared = pod.metadata.annotations?.[HEAP.max] ?? resources?.limits?.memory;
  const bytes = declared === undefined ? Number.NaN : quantityOf(declared);
  return bytes > 0 ? bytes : refuse('PreconditionChanged', `${at}: how big the heap of ${name} can be is not known; set its memory limit or the annotation ${HEAP.max}`);
}

interface Volume {
  name: string;
  emptyDir?: { medium?: string; sizeLimit?: string };
  persistentVolumeClaim?: object;
  ephemeral?: object;
}

interface Place {
  pod: KubeObject;
  container: HeapContainer;
  dir: string;
  roomBytes: number;
  at: string;
}

/** The folder lies on a disk of the pod's own: never on the container's layer, the node's folders, or in memory. */
function checkVolume(place: Place): boolean {
  const { pod, container, dir, at } = place;
  const mount = mountAt(container, dir);
  const volume: Volume | undefined = (pod.spec?.volumes ?? []).find((v: Volume) => v.name === mount?.name);
  if (!mount || !volume) return refuse('PreconditionChanged', `${at}: ${dir} is not on a volume of container ${container.name}; mount one there`);
  const where = `${at}: the volume at ${mount.mountPath}`;
  if (mount.readOnly) refuse('PreconditionChanged', `${where} is read-only; declare another folder`);
  if (!volume.emptyDir && !volume.persistentVolumeClaim && !volume.ephemeral) refuse('PreconditionChanged', `${where} is no disk of its own; use a claim or an emptyDir`);
  if (volume.emptyDir) checkEmptyDir(volume.emptyDir, place, where);
  return volume.persistentVolumeClaim === undefined;
}

/** The innermost one. */
function mountAt({ volumeMounts = [] }: HeapContainer, dir: string): Mount | undefined {
  const above = volumeMounts.filter((m) => dir === m.mountPath || dir.startsWith(`${m.mountPath.replace(/\/$/, '')}/`));
  return above.sort((a, b) => b.mountPath.length - a.mountPath.length)[0];
}

function checkEmptyDir({ medium, sizeLimit }: NonNullable<Volume['emptyDir']>, { container, roomBytes }: Place, where: string): void {
  if (medium) refuse('PreconditionChanged', `${where} lies in memory, a dump there could kill the container; use a disk`);
  // the kubelet evicts a pod that fills more than it may
  const cap = [sizeLimit, container.resources?.limits?.['ephemeral-storage']].find((c) => c !== undefined && quantityOf(c) < roomBytes);
  if (cap !== undefined) refuse('PreconditionChanged', `${where} may hold ${cap}, a dump may need ${String(roomBytes)} bytes; raise that limit`);
}
