import { createHash } from 'node:crypto';
import type { ConfigVersion } from '../../domain/changes/config-version.js';
import { lastWriter } from '../../domain/changes/object-change.js';
import { KubernautError } from '../../domain/errors.js';
import type { Evidence } from '../../domain/evidence.js';
import { referencesIn } from '../../domain/hosts.js';
import type { KubeObject, World } from '../../domain/kube.js';
import type { Clock, Cluster } from '../../domain/ports.js';
import { MASK, redactText } from '../../domain/redact.js';
import { configMapsNamedIn } from './config-names.js';

const MOST = 8;
/** A right that is not granted is asked for again after this, not with every remediation. */
const DENIED_MS = 600_000;
/** Longer values are files. */
const MOST_VALUE = 512;
const HOST_KEY = /HOST|ADDR|SERVER|ENDPOINT|UPSTREAM|BROKER/i;

export interface Configuration {
  /** ConfigMaps as evidence: who wrote which key when; of values only hosts of this cluster. */
  objects: KubeObject[];
  versions: ConfigVersion[];
  missing: Evidence['missing'];
}

export const NO_CONFIGURATION: Configuration = { objects: [], versions: [], missing: [] };

/** Reads the ConfigMaps that a template names, where that is granted. Their values are forgotten before anybody sees them. Secrets are never asked for. */
export function configurationReader(clock: Clock): (cluster: Cluster, world: World, target: KubeObject | undefined) => Promise<Configuration> {
  const deniedUntil = new Map<string, number>();

  return async (cluster, world, target) => {
    const nowMs = Date.parse(clock.now());
    if (!target) return NO_CONFIGURATION;
    const names = configMapsNamedIn(world.topOwnerOf(target));
    if (names.length === 0) return NO_CONFIGURATION;
    const namespace = target.metadata.namespace ?? '';
    const place = `${cluster.name}/${namespace}`;
    const isKnownDenied = (deniedUntil.get(place) ?? 0) > nowMs;
    const read = isKnownDenied ? ['denied' as const] : await Promise.all(names.slice(0, MOST).map((name) => readOne(cluster, namespace, name)));
    if (read.includes('denied')) {
      if (!isKnownDenied) deniedUntil.set(place, nowMs + DENIED_MS);
      return { ...NO_CONFIGURATION, missing: [gap(namespace, 'not granted; bind deploy/rbac/configuration-namespace.yaml there to see which keys changed')] };
    }
    const missing = names.length > MOST ? [gap(namespace, `${names.length - MOST} of ${names.length} left out for size`)] : [];
    return configurationOf({ cluster: cluster.name, world, missing }, read.filter((o): o is KubeObject => typeof o === 'object'));
  };
}

const gap = (namespace: string, why: string): Evidence['missing'][number] => ({ what: `ConfigMaps of namespace ${namespace}`, why });

const configurationOf = ({ cluster, world, missing }: { cluster: string; world: World; missing: Evidence['missing'] }, found: readonly KubeObject[]): Configuration => ({
  objects: found.map((o) => withoutValues(o, world)),
  versions: found.map((o) => versionOf(cluster, o)),
  missing,
});

async function readOne(cluster: Cluster, namespace: string, name: string): Promise<KubeObject | 'denied' | undefined> {
  try {
    return await cluster.read({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name });
  } catch (error) {
    if (!(error instanceof KubernautError)) throw error;
    // configuration helps to explain; without an answer the rest of the evidence still stands
    return error.code === 'Forbidden' ? 'denied' : undefined;
  }
}

function versionOf(cluster: string, { metadata: m, data, binaryData, ...rest }: KubeObject): ConfigVersion {
  const writer = lastWriter({ ...rest, metadata: m });
  return {
    cluster, namespace: m.namespace ?? '', name: m.name, uid: m.uid ?? '', version: m.resourceVersion ?? '', at: writer?.time ?? m.creationTimestamp ?? '',
    ...(writer?.manager ? { by: writer.manager } : {}),
    keys: Object.fromEntries(Object.entries({ ...(data as Record<string, string>), ...(binaryData as Record<string, string>) }).map(([key, value]) => [key, digestOf(value)])),
  };
}

/** Sixteen bits: enough to see that a value is another one, too few to find out which. */
const digestOf = (value: string): string => createHash('sha256').update(value).digest('hex').slice(0, 4);

function withoutValues(o: KubeObject, world: World): KubeObject {
  const { annotations: _annotations, ...metadata } = o.metadata;
  const data = Object.fromEntries(Object.entries((o.data ?? {}) as Record<string, string>).map(([key, value]) => [key, hostsOnly(key, value, { namespace: o.metadata.namespace ?? '', world })]));
  return { apiVersion: o.apiVersion, kind: o.kind, metadata, data };
}

/** Of a short value what names Services that exist, or hosts with a port: the rest may be anything. */
function hostsOnly(key: string, value: string, { namespace, world }: { namespace: string; world: World }): string {
  if (value.length > MOST_VALUE) return MASK;
  const text = redactText(value.trim());
  const hosts = referencesIn(text, namespace).filter((r) => world.get('Service', r.namespace, r.service) !== undefined || isAddress(r, text, world) || (HOST_KEY.test(key) && text === r.host));
  return hosts.length === 0 ? MASK : [...new Set(hosts.map((r) => (r.port === undefined ? r.host : `${r.host}:${r.port}`)))].join(' ');
}

/** A host and port where a client would look for them, of a namespace that is there: not a user and a number before an `@`. */
function isAddress(r: { host: string; namespace: string; port?: number }, text: string, world: World): boolean {
  const at = r.port === undefined ? -1 : text.toLowerCase().indexOf(`${r.host.toLowerCase()}:${r.port}`);
  if (at < 0 || world.get('Namespace', undefined, r.namespace) === undefined) return false;
  return /(?:^|:\/\/|@|[\s,;=])$/.test(text.slice(0, at)) && /^(?:$|[\s/,;?])/.test(text.slice(at + `${r.host}:${r.port}`.length));
}
