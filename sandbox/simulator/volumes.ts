import { decodeAll } from './environment.js';
import type { Claim, Container, Pod, Volume } from './kube-types.js';
import type { World } from './world.js';

/** Files of a mounted ConfigMap, Secret or projection by relative path; `opaque` for disks whose content is unknown. */
export type VolumeContent = Record<string, string> | 'opaque';

export interface MountedVolumes {
  byName: Record<string, VolumeContent>;
  /** Why the kubelet cannot set the volumes up, in its words. */
  problem?: string;
}

interface KeyedSource {
  kind: 'ConfigMap' | 'Secret';
  name: string;
  items?: { key: string; path: string }[];
  optional?: boolean;
}

const rootCa = 'kube-root-ca.crt';

function dataOf(source: KeyedSource, namespace: string, world: World): Record<string, string> | undefined {
  if (source.kind === 'Secret') {
    const secret = world.get('Secret', namespace, source.name);
    return secret && decodeAll(secret.data);
  }
  const map = world.get('ConfigMap', namespace, source.name);
  return map && { ...map.data, ...decodeAll(map.binaryData) };
}

function filesOf(source: KeyedSource, namespace: string, world: World): { files: Record<string, string>; problem?: string } {
  const data = dataOf(source, namespace, world);
  if (!data) {
    // every pod projects the root certificate; whether the controller manager publishes it is no concern of a pod here
    const isRequired = !source.optional && source.name !== rootCa;
    return { files: {}, problem: isRequired ? `${source.kind.toLowerCase()} "${source.name}" not found` : undefined };
  }
  if (!source.items) return { files: data };
  const missing = source.items.find((item) => data[item.key] === undefined);
  if (missing && !source.optional && source.name !== rootCa) {
    return { files: {}, problem: `${source.kind.toLowerCase()} references non-existent ${source.kind === 'Secret' ? 'secret' : 'config'} key: ${missing.key}` };
  }
  return { files: Object.fromEntries(source.items.flatMap((item) => (data[item.key] === undefined ? [] : [[item.path, data[item.key] ?? '']]))) };
}

function keyedSourcesOf(volume: Volume): KeyedSource[] | undefined {
  if (volume.configMap) return [{ kind: 'ConfigMap', ...volume.configMap }];
  if (volume.secret) return [{ kind: 'Secret', name: volume.secret.secretName, items: volume.secret.items, optional: volume.secret.optional }];
  return volume.projected?.sources?.flatMap((source): KeyedSource[] => {
    if (source.configMap) return [{ kind: 'ConfigMap', ...source.configMap }];
    return source.secret ? [{ kind: 'Secret', ...source.secret }] : [];
  });
}

function claimProblem(volume: Volume, pod: Pod, world: World): string | undefined {
  const name = claimNameOf(volume, pod);
  if (!name) return undefined;
  const claim = world.get('PersistentVolumeClaim', pod.metadata.namespace, name);
  if (!claim) return `persistentvolumeclaim "${name}" not found`;
  if (claim.status?.phase !== 'Bound') return `persistentvolumeclaim "${name}" is not bound`;
  const holder = holderOf(claim, pod, world);
  return holder && `${multiAttach} for volume "${claim.spec.volumeName ?? name}" Volume is already used by pod(s) ${holder.metadata.name}`;
}

export const multiAttach = 'Multi-Attach error';

const claimNameOf = (volume: Volume, pod: Pod): string | undefined => volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined);

/** On a claim: its disk is attached to one node at a time, as a cloud's is. Our own disks are on every node. */
const oneNode = 'sandbox.kubernaut.io/attach-to-one-node';

/** A pod on another node that was there first. */
function holderOf({ metadata }: Claim, pod: Pod, world: World): Pod | undefined {
  if (metadata.annotations?.[oneNode] !== 'true') return undefined;
  const isElsewhere = (p: Pod): boolean => p.metadata.uid !== pod.metadata.uid && p.status?.phase === 'Running' && p.spec.nodeName !== pod.spec.nodeName;
  return world.list('Pod', pod.metadata.namespace).find((p) => isElsewhere(p) && p.spec.volumes?.some((v) => claimNameOf(v, p) === metadata.name));
}

/** An attachment fails before anything is mounted. */
const inWords = (volume: Volume, why: string): string => (why.startsWith(multiAttach) ? why : `MountVolume.SetUp failed for volume "${volume.name}" : ${why}`);

/**
 * What the kubelet would mount now. `previous` keeps what was mounted before: a source deleted under a running pod
 * leaves its last content in place.
 */
export function mountVolumes(pod: Pod, world: World, previous: Record<string, VolumeContent>): MountedVolumes {
  const byName: Record<string, VolumeContent> = {};
  let problem: string | undefined;
  for (const volume of pod.spec.volumes ?? []) {
    const sources = keyedSourcesOf(volume);
    const results = (sources ?? []).map((source) => filesOf(source, pod.metadata.namespace ?? 'default', world));
    const why = results.find((result) => result.problem)?.problem ?? claimProblem(volume, pod, world);
    const kept = previous[volume.name];
    if (why === undefined) byName[volume.name] = sources ? Object.assign({}, ...results.map((result) => result.files)) : 'opaque';
    else if (kept !== undefined) byName[volume.name] = kept;
    else problem ??= inWords(volume, why);
  }
  return { byName, problem };
}

type Found = { isPresent: boolean; content?: string };

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

/** The content behind every subPath mount, to be frozen when a container starts: the kubelet never refreshes those. */
export function frozenFiles(container: Container, volumes: Record<string, VolumeContent>): Record<string, string> {
  const frozen: Record<string, string> = {};
  for (const mount of container.volumeMounts ?? []) {
    const content = volumes[mount.name];
    if (!mount.subPath || content === undefined || content === 'opaque') continue;
    for (const [path, text] of Object.entries(content)) {
      if (isWithin(path, mount.subPath)) frozen[mount.mountPath + path.slice(mount.subPath.length)] = text;
    }
  }
  return frozen;
}

/** Looks a path up as the process would: the deepest mount above it decides. */
export function fileAt(path: string, container: Container, volumes: Record<string, VolumeContent>, frozen: Record<string, string>): Found {
  const mount = (container.volumeMounts ?? [])
    .filter((one) => isWithin(path, one.mountPath))
    .sort((a, b) => b.mountPath.length - a.mountPath.length)[0];
  if (!mount) return { isPresent: false };
  const content = volumes[mount.name];
  if (content === undefined) return { isPresent: false };
  if (content === 'opaque') return { isPresent: true };
  const folder = mount.mountPath.endsWith('/') ? mount.mountPath : `${mount.mountPath}/`;
  const files = mount.subPath ? frozen : Object.fromEntries(Object.entries(content).map(([name, text]) => [folder + name, text]));
  if (files[path] !== undefined) return { isPresent: true, content: files[path] };
  return { isPresent: Object.keys(files).some((file) => isWithin(file, path)) };
}
