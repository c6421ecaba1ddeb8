import type { KubeObject } from '../../domain/kube.js';
import { containersOf, podSpecOf } from './rollout.js';

/** A ConfigMap or Secret (or one key of it) that a pod template needs. */
export interface ConfigReference {
  kind: 'ConfigMap' | 'Secret';
  name: string;
  key?: string;
  isOptional: boolean;
  /** `env`, `envFrom` and `subPath` are frozen when a container starts; a plain `volume` follows changes. */
  via: 'env' | 'envFrom' | 'subPath' | 'volume';
}

interface KeyRef {
  name?: string;
  key?: string;
  optional?: boolean;
}
interface VolumeSource {
  name?: string;
  secretName?: string;
  optional?: boolean;
  items?: { key: string }[];
}

export function configReferencesOf(o: KubeObject | undefined): ConfigReference[] {
  return [...containersOf(o).flatMap((c) => [...envReferences(c.env ?? []), ...envFromReferences(c.envFrom ?? [])]), ...volumeReferences(o)];
}

function envReferences(env: { valueFrom?: Record<string, KeyRef> }[]): ConfigReference[] {
  return env.flatMap((e) => [
    ...keyed('ConfigMap', e.valueFrom?.['configMapKeyRef']),
    ...keyed('Secret', e.valueFrom?.['secretKeyRef']),
  ]);
}

const keyed = (kind: ConfigReference['kind'], ref: KeyRef | undefined): ConfigReference[] =>
  ref?.name ? [{ kind, name: ref.name, key: ref.key, isOptional: ref.optional ?? false, via: 'env' }] : [];

const envFromReferences = (sources: { configMapRef?: KeyRef; secretRef?: KeyRef }[]): ConfigReference[] =>
  sources.flatMap((s) => [...whole('ConfigMap', s.configMapRef), ...whole('Secret', s.secretRef)]);

const whole = (kind: ConfigReference['kind'], ref: KeyRef | undefined): ConfigReference[] =>
  ref?.name ? [{ kind, name: ref.name, isOptional: ref.optional ?? false, via: 'envFrom' }] : [];

function volumeReferences(o: KubeObject | undefined): ConfigReference[] {
  const mounted = containersOf(o).flatMap((c) => (c['volumeMounts'] as { name: string; subPath?: string }[] | undefined) ?? []);
  const volumes: { name: string; configMap?: VolumeSource; secret?: VolumeSource; projected?: { sources?: { configMap?: VolumeSource; secret?: VolumeSource }[] } }[] =
    podSpecOf(o)?.volumes ?? [];
  return volumes.flatMap((v) => {
    const via = mounted.some((m) => m.name === v.name && m.subPath) ? 'subPath' : 'volume';
    const sources = [{ configMap: v.configMap, secret: v.secret }, ...(v.projected?.sources ?? [])];
    return sources.flatMap((s) => [...fromVolume('ConfigMap', s.configMap, via), ...fromVolume('Secret', s.secret, via)]);
  });
}

function fromVolume(kind: ConfigReference['kind'], source: VolumeSource | undefined, via: 'subPath' | 'volume'): ConfigReference[] {
  const name = source?.name ?? source?.secretName;
  if (!source || !name) return [];
  const base = { kind, name, isOptional: source.optional ?? false, via };
  return source.items?.length ? source.items.map((i) => ({ ...base, key: i.key })) : [base];
}

/** What the kubelet says is missing. `name` is absent where its message names only the key. */
export interface MissingReference {
  kind: 'ConfigMap' | 'Secret';
  name?: string;
  key?: string;
}

/** Reads `configmap "x" not found`, `couldn't find key K in ConfigMap ns/x`, `configmap references non-existent config key: K`. */
export function missingReferenceOf(message: string): MissingReference | undefined {
  const object = /\b(configmap|secret)s? "([^"]+)" not found/i.exec(message);
  if (object) return { kind: kindOf(object[1]!), name: object[2] };
  const key = /couldn't find key (\S+) in (ConfigMap|Secret) (?:[^/\s]+\/)?(\S+)/i.exec(message);
  if (key) return { kind: kindOf(key[2]!), key: key[1], name: key[3] };
  const item = /(configmap|secret) references non-existent (?:config|secret) key: (\S+)/i.exec(message);
  return item ? { kind: kindOf(item[1]!), key: item[2] } : undefined;
}

const kindOf = (word: string): MissingReference['kind'] => (word.toLowerCase() === 'secret' ? 'Secret' : 'ConfigMap');

/** Does this template need the missing thing? */
export const needs = (o: KubeObject | undefined, missing: MissingReference): boolean =>
  configReferencesOf(o).some(
    (r) =>
      r.kind === missing.kind &&
      !r.isOptional &&
      (missing.name === undefined || r.name === missing.name) &&
      (missing.key === undefined || r.key === missing.key || (r.key === undefined && r.name === missing.name)),
  );

/** `ConfigMap app, key mode` */
export const describeMissing = (m: MissingReference): string =>
  [`${m.kind} ${m.name ?? ''}`.trim(), m.key ? `key ${m.key}` : ''].filter(Boolean).join(', ');

/** When a ConfigMap's or Secret's content was last written, as far as its metadata tells. */
export const modifiedAt = (o: KubeObject): string =>
  [o.metadata.creationTimestamp ?? '', ...(o.metadata.managedFields ?? []).map((f) => f.time ?? '')].sort().at(-1) ?? '';
