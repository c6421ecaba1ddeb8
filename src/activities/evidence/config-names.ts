import type { KubeObject } from '../../domain/kube.js';

interface Ref {
  name?: string;
}
interface Env {
  env?: { valueFrom?: { configMapKeyRef?: Ref } }[];
  envFrom?: { configMapRef?: Ref }[];
}
interface Volume {
  configMap?: Ref;
  projected?: { sources?: { configMap?: Ref }[] };
}
interface PodSpec {
  containers?: Env[];
  initContainers?: Env[];
  volumes?: Volume[];
}

/** In every namespace, and the same in all of them. */
const CLUSTER_CA = 'kube-root-ca.crt';

/** Names of the ConfigMaps that a workload's pods read: environment first, as it is what a restart takes up. */
export function configMapsNamedIn(workload: KubeObject): string[] {
  const { containers = [], initContainers = [], volumes = [] } = podSpecOf(workload);
  const refs = [...[...containers, ...initContainers].flatMap(inEnvironment), ...volumes.flatMap(inVolume)];
  return [...new Set(refs.flatMap((r) => (r?.name ? [r.name] : [])))].filter((name) => name !== CLUSTER_CA);
}

const inEnvironment = ({ env = [], envFrom = [] }: Env): (Ref | undefined)[] => [...env.map((e) => e.valueFrom?.configMapKeyRef), ...envFrom.map((e) => e.configMapRef)];
const inVolume = ({ configMap, projected }: Volume): (Ref | undefined)[] => [configMap, ...(projected?.sources ?? []).map((s) => s.configMap)];

const podSpecOf = ({ kind, spec }: KubeObject): PodSpec => (kind === 'Pod' ? spec : (spec?.jobTemplate?.spec ?? spec)?.template?.spec) ?? {};
