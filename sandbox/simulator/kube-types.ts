/**
 * The parts of Kubernetes objects the sandbox reads, as plain JSON (timestamps stay RFC 3339 strings).
 * client-node's own types turn timestamps into `Date` in lists but not in watches, so they would lie here.
 */
export interface Meta {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion?: string;
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  finalizers?: string[];
  ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[];
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export type Quantities = Record<string, string>;
export interface Resources {
  requests?: Quantities;
  limits?: Quantities;
}

interface KeyRef {
  name: string;
  key: string;
  optional?: boolean;
}
export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: {
    configMapKeyRef?: KeyRef;
    secretKeyRef?: KeyRef;
    fieldRef?: { fieldPath: string };
    resourceFieldRef?: { resource: string };
  };
}
export interface EnvFrom {
  prefix?: string;
  configMapRef?: { name: string; optional?: boolean };
  secretRef?: { name: string; optional?: boolean };
}

export interface Probe {
  httpGet?: { path?: string; port: number | string; scheme?: string };
  tcpSocket?: { port: number | string };
  grpc?: { port: number };
  exec?: { command?: string[] };
  initialDelaySeconds?: number;
  periodSeconds?: number;
  failureThreshold?: number;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: EnvVar[];
  envFrom?: EnvFrom[];
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  resources?: Resources;
  volumeMounts?: { name: string; mountPath: string; subPath?: string }[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  restartPolicy?: string;
}

interface KeyItems {
  items?: { key: string; path: string }[];
  optional?: boolean;
}
export interface Volume {
  name: string;
  configMap?: KeyItems & { name: string };
  secret?: KeyItems & { secretName: string };
  projected?: { sources?: { configMap?: KeyItems & { name: string }; secret?: KeyItems & { name: string } }[] };
  persistentVolumeClaim?: { claimName: string };
  ephemeral?: object;
}

export interface Terminated {
  exitCode: number;
  reason: string;
  message?: string;
  startedAt: string;
  finishedAt: string;
  containerID?: string;
}
export interface ContainerState {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: Terminated;
}
export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  containerID?: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState;
  resources?: Resources;
  allocatedResources?: Quantities;
}
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastHeartbeatTime?: string;
}

export interface PodStatus {
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: Condition[];
  podIP?: string;
  podIPs?: { ip: string }[];
  hostIP?: string;
  hostIPs?: { ip: string }[];
  startTime?: string;
  qosClass?: string;
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
}
export interface Pod {
  metadata: Meta;
  spec: {
    nodeName?: string;
    containers: Container[];
    initContainers?: Container[];
    ephemeralContainers?: Container[];
    volumes?: Volume[];
    restartPolicy?: string;
    serviceAccountName?: string;
    imagePullSecrets?: { name?: string }[];
    readinessGates?: { conditionType: string }[];
    activeDeadlineSeconds?: number;
  };
  status?: PodStatus;
}

export interface ConfigMap {
  metadata: Meta;
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}
export interface Secret {
  metadata: Meta;
  type?: string;
  data?: Record<string, string>;
}
export interface Service {
  metadata: Meta;
  spec: {
    type?: string;
    clusterIP?: string;
    externalName?: string;
    selector?: Record<string, string>;
    publishNotReadyAddresses?: boolean;
    ports?: { name?: string; port: number; targetPort?: number | string; protocol?: string }[];
  };
}
export interface EndpointSlice {
  metadata: Meta;
  ports?: { name?: string; port?: number }[];
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[];
}

export interface PolicyPeer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr: string; except?: string[] };
}
export interface PolicyPort {
  protocol?: string;
  port?: number | string;
  endPort?: number;
}
export interface NetworkPolicy {
  metadata: Meta;
  spec: {
    podSelector?: LabelSelector;
    policyTypes?: string[];
    ingress?: { from?: PolicyPeer[]; ports?: PolicyPort[] }[];
    egress?: { to?: PolicyPeer[]; ports?: PolicyPort[] }[];
  };
}

export interface Claim {
  metadata: Meta;
  spec: {
    accessModes?: string[];
    storageClassName?: string;
    volumeName?: string;
    volumeMode?: string;
    resources?: Resources;
    selector?: LabelSelector;
  };
  status?: { phase?: string; capacity?: Quantities; conditions?: Condition[]; allocatedResourceStatuses?: Record<string, string> };
}
export interface PersistentVolume {
  metadata: Meta;
  spec: {
    capacity?: Quantities;
    storageClassName?: string;
    claimRef?: { namespace?: string; name?: string; uid?: string };
    persistentVolumeReclaimPolicy?: string;
  };
  status?: { phase?: string };
}
export interface StorageClass {
  metadata: Meta;
  provisioner: string;
  reclaimPolicy?: string;
  volumeBindingMode?: string;
  allowVolumeExpansion?: boolean;
}

export interface KubeNode {
  metadata: Meta;
  spec?: { taints?: { key: string; value?: string; effect: string }[]; unschedulable?: boolean; podCIDR?: string };
  status?: {
    capacity?: Quantities;
    allocatable?: Quantities;
    conditions?: Condition[];
    addresses?: { type: string; address: string }[];
    daemonEndpoints?: { kubeletEndpoint?: { Port: number } };
    nodeInfo?: Record<string, string>;
  };
}
export interface Namespace {
  metadata: Meta;
  status?: { phase?: string };
}

/** Workloads and policies read by the alert rules and the metrics only; counters absent in the API are 0. */
export interface Workload {
  metadata: Meta;
  spec: {
    replicas?: number;
    completions?: number;
    paused?: boolean;
    minReplicas?: number;
    maxReplicas?: number;
    hard?: Quantities;
    scaleTargetRef?: { apiVersion?: string; kind: string; name: string };
    selector?: LabelSelector;
    updateStrategy?: { type?: string };
  };
  status?: Record<string, unknown> & {
    observedGeneration?: number;
    conditions?: Condition[];
    hard?: Quantities;
    used?: Quantities;
  };
}

export interface KindMap {
  Pod: Pod;
  Node: KubeNode;
  Namespace: Namespace;
  ConfigMap: ConfigMap;
  Secret: Secret;
  Service: Service;
  EndpointSlice: EndpointSlice;
  NetworkPolicy: NetworkPolicy;
  PersistentVolumeClaim: Claim;
  PersistentVolume: PersistentVolume;
  StorageClass: StorageClass;
  Deployment: Workload;
  ReplicaSet: Workload;
  StatefulSet: Workload;
  DaemonSet: Workload;
  Job: Workload;
  HorizontalPodAutoscaler: Workload;
  PodDisruptionBudget: Workload;
  ResourceQuota: Workload;
}
export type Kind = keyof KindMap;
