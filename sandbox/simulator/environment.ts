import type { Container, EnvFrom, EnvVar, Pod } from './kube-types.js';
import type { World } from './world.js';

export interface Environment {
  values: Record<string, string>;
  /** Why the container cannot be created, in the kubelet's words. */
  problem?: string;
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
export const decodeAll = (data: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, decode(value)]));

function sourceValues(source: EnvFrom, namespace: string, world: World): Record<string, string> | undefined {
  if (source.configMapRef) {
    const map = world.get('ConfigMap', namespace, source.configMapRef.name);
    return map && (map.data ?? {});
  }
  const secret = source.secretRef && world.get('Secret', namespace, source.secretRef.name);
  return secret && decodeAll(secret.data);
}

function valuesFrom(source: EnvFrom, namespace: string, world: World): Environment {
  const { configMapRef, secretRef, prefix = '' } = source;
  const found = sourceValues(source, namespace, world);
  if (found) return { values: Object.fromEntries(Object.entries(found).map(([key, value]) => [prefix + key, value])) };
  const reference = configMapRef ?? secretRef;
  if (!reference || reference.optional) return { values: {} };
  return { values: {}, problem: `${configMapRef ? 'configmap' : 'secret'} "${reference.name}" not found` };
}

function configMapValue(ref: { name: string; key: string; optional?: boolean }, namespace: string, world: World): { value?: string; problem?: string } {
  const map = world.get('ConfigMap', namespace, ref.name);
  const value = map?.data?.[ref.key];
  if (value !== undefined || ref.optional) return { value };
  return { problem: map ? `couldn't find key ${ref.key} in ConfigMap ${namespace}/${ref.name}` : `configmap "${ref.name}" not found` };
}

function secretValue(ref: { name: string; key: string; optional?: boolean }, namespace: string, world: World): { value?: string; problem?: string } {
  const secret = world.get('Secret', namespace, ref.name);
  const value = secret?.data?.[ref.key];
  if (value !== undefined) return { value: decode(value) };
  if (ref.optional) return {};
  return { problem: secret ? `couldn't find key ${ref.key} in Secret ${namespace}/${ref.name}` : `secret "${ref.name}" not found` };
}

function fieldValue(path: string, pod: Pod): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const known: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': pod.status?.podIP,
  };
  return known[path] ?? '';
}

function oneValue(variable: EnvVar, pod: Pod, world: World): { value?: string; problem?: string } {
  const namespace = pod.metadata.namespace ?? 'default';
  const from = variable.valueFrom;
  if (!from) return { value: variable.value ?? '' };
  if (from.configMapKeyRef) return configMapValue(from.configMapKeyRef, namespace, world);
  if (from.secretKeyRef) return secretValue(from.secretKeyRef, namespace, world);
  if (from.fieldRef) return { value: fieldValue(from.fieldRef.fieldPath, pod) };
  return { value: '0' };
}

/** `$(NAME)` becomes the value of an earlier variable; an unknown name stays as written, as in the kubelet. */
export const expand = (text: string, values: Record<string, string>): string =>
  text.replace(/\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (whole, name: string) => values[name] ?? whole);

/** The environment a container would start with now. The first missing reference is the problem. */
export function environmentOf(container: Container, pod: Pod, world: World): Environment {
  const values: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    const { values: found, problem } = valuesFrom(source, pod.metadata.namespace ?? 'default', world);
    if (problem) return { values, problem };
    Object.assign(values, found);
  }
  for (const variable of container.env ?? []) {
    const { value, problem } = oneValue(variable, pod, world);
    if (problem) return { values, problem };
    if (value !== undefined) values[variable.name] = variable.valueFrom ? value : expand(value, values);
  }
  return { values };
}
