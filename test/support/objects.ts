import type { Evidence, PastAction, Problem } from '../../src/domain/evidence.js';
import { refOf, worldOf, type KubeObject } from '../../src/domain/kube.js';
import type { ActionFacts } from '../../src/actions/define.js';
import type { ActionPolicy } from '../../src/domain/policy.js';
import { shortHash } from '../../src/domain/target.js';

/** Small, complete enough Kubernetes objects as plain JSON. Every uid is `uid-<kind>-<name>`, so that tests can write it. */

export const NOW = '2026-03-01T12:00:00.000Z';
export const AN_HOUR_AGO = '2026-03-01T11:00:00Z';
export const YESTERDAY = '2026-02-28T12:00:00Z';
export const LAST_YEAR = '2025-03-01T12:00:00Z';

/** Whose writes the tests plan. */
export const ACTION_ID = 'remediation/test/shop/Deployment/api/r-0123456789/0';

export const uidOf = (kind: string, name: string): string => `uid-${kind.toLowerCase()}-${name}`;

interface Options {
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  createdAt?: string;
  owner?: KubeObject;
  /** Merged over the built spec and status. */
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

function objectOf(apiVersion: string, kind: string, name: string, o: Options, spec: object, status: object): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(kind === 'Node' ? {} : { namespace: o.namespace ?? 'shop' }),
      uid: uidOf(kind, name),
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: o.createdAt ?? YESTERDAY,
      ...(o.labels ? { labels: o.labels } : {}),
      ...(o.annotations ? { annotations: o.annotations } : {}),
      ...(o.owner
        ? { ownerReferences: [{ apiVersion: o.owner.apiVersion, kind: o.owner.kind, name: o.owner.metadata.name, uid: o.owner.metadata.uid!, controller: true }] }
        : {}),
    },
    spec: { ...spec, ...o.spec },
    status: { ...status, ...o.status },
  };
}

interface WorkloadOptions extends Options {
  replicas?: number;
  resources?: object;
  image?: string;
  /** Merged into the pod spec of the template. */
  pod?: object;
}

const templateOf = (app: string, o: WorkloadOptions) => ({
  metadata: { labels: { app } },
  spec: {
    containers: [{ name: app, image: o.image ?? `${app}:1`, resources: o.resources ?? { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } } }],
    ...o.pod,
  },
});

export function deploymentOf(name = 'api', o: WorkloadOptions = {}): KubeObject {
  const replicas = o.replicas ?? 2;
  return objectOf(
    'apps/v1', 'Deployment', name,
    { ...o, annotations: { 'deployment.kubernetes.io/revision': '1', ...o.annotations } },
    { replicas, selector: { matchLabels: { app: name } }, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } }, template: templateOf(name, o) },
    { observedGeneration: 1, replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas },
  );
}

export function statefulSetOf(name = 'db', o: WorkloadOptions = {}): KubeObject {
  const replicas = o.replicas ?? 2;
  return objectOf(
    'apps/v1', 'StatefulSet', name, o,
    { replicas, selector: { matchLabels: { app: name } }, updateStrategy: { type: 'RollingUpdate' }, template: templateOf(name, o) },
    { observedGeneration: 1, replicas, readyReplicas: replicas, availableReplicas: replicas, currentRevision: 'a', updateRevision: 'a' },
  );
}

export function daemonSetOf(name = 'agent', o: WorkloadOptions = {}): KubeObject {
  return objectOf('apps/v1', 'DaemonSet', name, o, { selector: { matchLabels: { app: name } }, updateStrategy: { type: 'RollingUpdate' }, template: templateOf(name, o) }, { observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 });
}

/** The ReplicaSet of a revision: the deployment's template with a hash label, unless another image is given. */
export function replicaSetOf(deployment: KubeObject, revision: number, o: WorkloadOptions & { hash?: string; available?: number } = {}): KubeObject {
  const hash = o.hash ?? `hash${revision}`;
  const template = structuredClone(deployment.spec.template);
  template.metadata.labels['pod-template-hash'] = hash;
  if (o.image) template.spec.containers[0].image = o.image;
  const available = o.available ?? 0;
  return objectOf(
    'apps/v1', 'ReplicaSet', `${deployment.metadata.name}-${hash}`,
    {
      ...o, namespace: deployment.metadata.namespace, owner: deployment,
      labels: { app: deployment.metadata.name, 'pod-template-hash': hash },
      annotations: { 'deployment.kubernetes.io/revision': String(revision), ...o.annotations },
    },
    { replicas: o.replicas ?? available, template },
    { replicas: available, readyReplicas: available, availableReplicas: available },
  );
}

interface PodOptions extends WorkloadOptions {
  node?: string;
  isReady?: boolean;
  phase?: string;
  /** Reason of the last termination of its container. */
  lastEnd?: string;
}

export function podOf(name: string, o: PodOptions = {}): KubeObject {
  const app = o.labels?.['app'] ?? name.split('-')[0]!;
  const isReady = o.isReady ?? true;
  const { spec, metadata } = templateOf(app, o);
  return objectOf(
    'v1', 'Pod', name, { ...o, labels: { ...metadata.labels, ...o.labels } },
    { ...spec, nodeName: o.node ?? 'worker-1' },
    {
      phase: o.phase ?? 'Running',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
      containerStatuses: [{ name: app, ready: isReady, restartCount: o.lastEnd ? 3 : 0, ...(o.lastEnd ? { lastState: { terminated: { reason: o.lastEnd } } } : {}) }],
    },
  );
}

interface NodeOptions extends Options {
  isReady?: boolean;
  isCordoned?: boolean;
  readySince?: string;
  conditions?: { type: string; status: string }[];
  allocatable?: Record<string, string>;
}

export function nodeOf(name = 'worker-1', o: NodeOptions = {}): KubeObject {
  const isReady = o.isReady ?? true;
  return objectOf(
    'v1', 'Node', name, o,
    o.isCordoned ? { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] } : {},
    {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...o.allocatable },
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: o.readySince ?? YESTERDAY }, ...(o.conditions ?? [])],
    },
  );
}

export const hpaOf = (name = 'api', o: Options & { min?: number; max?: number; current?: number; isHeld?: boolean } = {}): KubeObject =>
  objectOf(
    'autoscaling/v2', 'HorizontalPodAutoscaler', name, o,
    { minReplicas: o.min ?? 1, maxReplicas: o.max ?? 4, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name } },
    {
      currentReplicas: o.current ?? 4,
      conditions: [
        { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound' },
        { type: 'ScalingLimited', status: (o.isHeld ?? true) ? 'True' : 'False', reason: (o.isHeld ?? true) ? 'TooManyReplicas' : 'DesiredWithinRange' },
      ],
    },
  );

export const pdbOf = (app = 'api', o: Options & { minAvailable?: number | string; allowed?: number; name?: string } = {}): KubeObject =>
  objectOf('policy/v1', 'PodDisruptionBudget', o.name ?? app, o, { selector: { matchLabels: { app } }, ...(o.minAvailable === undefined ? {} : { minAvailable: o.minAvailable }) }, { disruptionsAllowed: o.allowed ?? 1 });

export const quotaOf = (hard: Record<string, string>, used: Record<string, string> = {}): KubeObject =>
  objectOf('v1', 'ResourceQuota', 'quota', {}, { hard }, { hard, used });

export const threeNodes = (): KubeObject[] => ['worker-1', 'worker-2', 'worker-3'].map((name) => nodeOf(name));

export const problemOf = (o: Partial<Problem> = {}): Problem => ({
  fingerprint: 'f1', alert: 'KubePodCrashLooping', severity: 'critical', status: 'firing', startedAt: NOW, refires: 0, labels: {}, annotations: {}, ...o,
});

export function evidenceOf(objects: KubeObject[], o: { target?: KubeObject; problems?: Problem[]; history?: PastAction[]; apis?: string[] } = {}): Evidence {
  const target = o.target ?? objects[0]!;
  return {
    takenAt: NOW,
    target: { cluster: 'test', ...refOf(target), uid: target.metadata.uid },
    object: target,
    objects,
    events: [],
    logs: [],
    problems: o.problems ?? [],
    history: o.history ?? [],
    similar: [],
    missing: [],
    ...(o.apis ? { apis: o.apis } : {}),
  };
}

export const factsOf = (objects: KubeObject[], o: Parameters<typeof evidenceOf>[1] & { limits?: ActionPolicy; now?: string } = {}): ActionFacts => ({
  world: worldOf(objects),
  evidence: evidenceOf(objects, o),
  limits: o?.limits ?? {},
  now: o?.now ?? NOW,
  action: { id: ACTION_ID, hash: shortHash(ACTION_ID) },
});

/** The object as it is after some edits of a plan: what the fixtures of the catalogue compare with. */
export function edited(object: KubeObject, edits: readonly { path: string[]; after?: unknown }[]): KubeObject {
  const copy = structuredClone(object);
  for (const { path, after } of edits) {
    let at = copy as Record<string, unknown>;
    for (const key of path.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
    if (after === undefined) delete at[path.at(-1)!];
    else at[path.at(-1)!] = after;
  }
  return copy;
}

export function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
