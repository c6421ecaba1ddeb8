import type { Kind } from './kube-types.js';

interface Place {
  prefix: string;
  plural: string;
  isNamespaced: boolean;
}

const place = (prefix: string, plural: string, isNamespaced = true): Place => ({ prefix, plural, isNamespaced });

/** Where the API server keeps each kind the sandbox watches. */
const PLACES: Record<Kind, Place> = {
  Pod: place('/api/v1', 'pods'),
  Node: place('/api/v1', 'nodes', false),
  Namespace: place('/api/v1', 'namespaces', false),
  ConfigMap: place('/api/v1', 'configmaps'),
  Secret: place('/api/v1', 'secrets'),
  Service: place('/api/v1', 'services'),
  EndpointSlice: place('/apis/discovery.k8s.io/v1', 'endpointslices'),
  NetworkPolicy: place('/apis/networking.k8s.io/v1', 'networkpolicies'),
  PersistentVolumeClaim: place('/api/v1', 'persistentvolumeclaims'),
  PersistentVolume: place('/api/v1', 'persistentvolumes', false),
  StorageClass: place('/apis/storage.k8s.io/v1', 'storageclasses', false),
  Deployment: place('/apis/apps/v1', 'deployments'),
  ReplicaSet: place('/apis/apps/v1', 'replicasets'),
  StatefulSet: place('/apis/apps/v1', 'statefulsets'),
  DaemonSet: place('/apis/apps/v1', 'daemonsets'),
  Job: place('/apis/batch/v1', 'jobs'),
  HorizontalPodAutoscaler: place('/apis/autoscaling/v2', 'horizontalpodautoscalers'),
  PodDisruptionBudget: place('/apis/policy/v1', 'poddisruptionbudgets'),
  ResourceQuota: place('/api/v1', 'resourcequotas'),
};

export const collectionPath = (kind: Kind): string => `${PLACES[kind].prefix}/${PLACES[kind].plural}`;

export function objectPath(kind: Kind, namespace: string | undefined, name: string): string {
  const { prefix, plural, isNamespaced } = PLACES[kind];
  return isNamespaced ? `${prefix}/namespaces/${namespace ?? 'default'}/${plural}/${name}` : `${prefix}/${plural}/${name}`;
}
