import { KILL_SWITCH } from '../../domain/kill-switch.js';

/** How one kind is reached over REST. */
export interface Kind {
  apiVersion: string;
  kind: string;
  plural: string;
  isNamespaced: boolean;
  /** Held in the watch cache (actions.md 3.2). ConfigMaps and Secrets never are. */
  isCached: boolean;
  /** Of another project: watched where it is installed, and its absence is no gap. */
  isOptional: boolean;
  /** Only this one object of the kind is held. */
  only?: { namespace: string; name: string };
}

type Row = [apiVersion: string, kind: string, plural: string, scope: 'ns' | 'cluster', cache?: 'cached' | 'optional'];

/** The built-in kinds the catalogue touches; anything else is asked of the server's discovery. */
const ROWS: readonly Row[] = [
  ['v1', 'Pod', 'pods', 'ns', 'cached'],
  ['v1', 'Node', 'nodes', 'cluster', 'cached'],
  ['v1', 'Event', 'events', 'ns', 'cached'],
  ['v1', 'Service', 'services', 'ns', 'cached'],
  ['v1', 'Namespace', 'namespaces', 'cluster', 'cached'],
  ['v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', 'ns', 'cached'],
  ['v1', 'PersistentVolume', 'persistentvolumes', 'cluster', 'cached'],
  ['v1', 'ResourceQuota', 'resourcequotas', 'ns', 'cached'],
  ['v1', 'LimitRange', 'limitranges', 'ns', 'cached'],
  ['v1', 'ReplicationController', 'replicationcontrollers', 'ns'],
  ['v1', 'ConfigMap', 'configmaps', 'ns'],
  ['v1', 'Secret', 'secrets', 'ns'],
  ['v1', 'ServiceAccount', 'serviceaccounts', 'ns'],
  ['v1', 'Endpoints', 'endpoints', 'ns'],
  ['apps/v1', 'Deployment', 'deployments', 'ns', 'cached'],
  ['apps/v1', 'ReplicaSet', 'replicasets', 'ns', 'cached'],
  ['apps/v1', 'StatefulSet', 'statefulsets', 'ns', 'cached'],
  ['apps/v1', 'DaemonSet', 'daemonsets', 'ns', 'cached'],
  ['apps/v1', 'ControllerRevision', 'controllerrevisions', 'ns', 'cached'],
  ['batch/v1', 'Job', 'jobs', 'ns', 'cached'],
  ['batch/v1', 'CronJob', 'cronjobs', 'ns', 'cached'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', 'ns', 'cached'],
  ['policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', 'ns', 'cached'],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', 'ns', 'cached'],
  ['networking.k8s.io/v1', 'Ingress', 'ingresses', 'ns', 'cached'],
  ['storage.k8s.io/v1', 'StorageClass', 'storageclasses', 'cluster', 'cached'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', 'ns', 'cached'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', 'cluster', 'cached'],
  ['events.k8s.io/v1', 'Event', 'events', 'ns'],
  ['coordination.k8s.io/v1', 'Lease', 'leases', 'ns'],
  ['rbac.authorization.k8s.io/v1', 'Role', 'roles', 'ns'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', 'ns'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', 'cluster'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', 'cluster'],
  ['autoscaling.k8s.io/v1', 'VerticalPodAutoscaler', 'verticalpodautoscalers', 'ns', 'optional'],
  ['keda.sh/v1alpha1', 'ScaledObject', 'scaledobjects', 'ns', 'optional'],
  ['snapshot.storage.k8s.io/v1', 'VolumeSnapshot', 'volumesnapshots', 'ns', 'optional'],
  ['snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', 'volumesnapshotclasses', 'cluster', 'optional'],
  ['postgresql.cnpg.io/v1', 'Cluster', 'clusters', 'ns', 'optional'],
  ['postgresql.cnpg.io/v1', 'Backup', 'backups', 'ns', 'optional'],
  ['external-secrets.io/v1', 'ExternalSecret', 'externalsecrets', 'ns', 'optional'],
  ['cert-manager.io/v1', 'Certificate', 'certificates', 'ns', 'optional'],
];

export const KINDS: readonly Kind[] = ROWS.map(([apiVersion, kind, plural, scope, cache]) => ({
  apiVersion,
  kind,
  plural,
  isNamespaced: scope === 'ns',
  isCached: cache !== undefined,
  isOptional: cache === 'optional',
}));

/** The one ConfigMap that is watched; its absence is the normal state. */
export const PAUSE_SWITCH: Kind = {
  apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', isNamespaced: true, isCached: true, isOptional: true,
  only: { namespace: KILL_SWITCH.namespace, name: KILL_SWITCH.name },
};

const byGvk = new Map(KINDS.map((k) => [`${k.apiVersion}/${k.kind}`, k]));

export const builtinKind = (apiVersion: string, kind: string): Kind | undefined => byGvk.get(`${apiVersion}/${kind}`);

/** `/api/v1` or `/apis/<group>/<version>`. */
export const apiRoot = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

/** The collection, over all namespaces when none is given. */
export function collectionPath(kind: Kind, namespace?: string): string {
  const scope = kind.isNamespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${apiRoot(kind.apiVersion)}${scope}/${kind.plural}`;
}

/** Path and field selector of what is listed and watched of a kind. */
export const scopeOf = (kind: Kind): { path: string; fieldSelector?: string } =>
  kind.only ? { path: collectionPath(kind, kind.only.namespace), fieldSelector: `metadata.name=${kind.only.name}` } : { path: collectionPath(kind) };
