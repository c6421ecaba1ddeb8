import type { Evidence, LogExcerpt, Problem } from '../../src/domain/evidence.js';
import type { KubeObject } from '../../src/domain/kube.js';

/** Builders of plain Kubernetes objects as an API server returns them, small enough to read in a test. */
export const NOW = '2026-01-01T12:00:00.000Z';
export const NS = 'shop';

let serial = 0;
const uid = (): string => `uid-${String(++serial).padStart(4, '0')}`;
/** `ago(90)`: 90 seconds before NOW. */
export const ago = (seconds: number): string => new Date(Date.parse(NOW) - seconds * 1000).toISOString().replace('.000', '');

type Any = Record<string, any>;

export const container = (more: Any = {}): Any => ({ name: 'app', image: 'shop/api:1', ports: [{ containerPort: 8080 }], ...more });

export const object = (apiVersion: string, kind: string, name: string, rest: Any = {}, metadata: Any = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: NS, uid: uid(), creationTimestamp: ago(3600), ...metadata },
  ...rest,
});

const ownedBy = (o: KubeObject): Any => ({
  ownerReferences: [{ apiVersion: o.apiVersion, kind: o.kind, name: o.metadata.name, uid: o.metadata.uid!, controller: true }],
});

const template = (labels: Any, podSpec: Any): Any => ({ metadata: { labels }, spec: { containers: [container()], ...podSpec } });

export interface Revision {
  podSpec?: Any;
  labels?: Any;
  /** Ready pods of this revision now. */
  available?: number;
  ageS?: number;
}

/** A Deployment with its ReplicaSets, oldest revision first; the last one is current. */
export function deployment(name: string, revisions: Revision[], more: { replicas?: number; completed?: boolean; exceeded?: boolean; annotations?: Any; labels?: Any; spec?: Any; status?: Any } = {}): { deployment: KubeObject; sets: KubeObject[] } {
  const base = { app: name };
  const current = revisions.at(-1)!;
  const replicas = more.replicas ?? 2;
  const reason = more.exceeded ? 'ProgressDeadlineExceeded' : more.completed ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated';
  const availableReplicas = revisions.reduce((sum, r) => sum + (r.available ?? 0), 0);
  const d = object(
    'apps/v1',
    'Deployment',
    name,
    {
      spec: { replicas, selector: { matchLabels: base }, template: template({ ...base, ...current.labels }, current.podSpec ?? {}), ...more.spec },
      status: {
        observedGeneration: 1, replicas, updatedReplicas: more.completed ? replicas : 1, readyReplicas: availableReplicas, availableReplicas,
        conditions: [{ type: 'Progressing', status: more.exceeded ? 'False' : 'True', reason, lastUpdateTime: ago(current.ageS ?? 60) }],
        ...more.status,
      },
    },
    { generation: 1, annotations: more.annotations, labels: more.labels },
  );
  const sets = revisions.map((r, i) => {
    const hash = `hash${i + 1}`;
    const t = template({ ...base, ...r.labels, 'pod-template-hash': hash }, r.podSpec ?? {});
    return object('apps/v1', 'ReplicaSet', `${name}-${hash}`, { spec: { replicas: r.available ?? 0, template: t }, status: { availableReplicas: r.available ?? 0, replicas: r.available ?? 0 } }, {
      ...ownedBy(d),
      annotations: { 'deployment.kubernetes.io/revision': String(i + 1) },
      labels: t.metadata.labels,
      creationTimestamp: ago(r.ageS ?? 60 + (revisions.length - 1 - i) * 3000),
    });
  });
  return { deployment: d, sets };
}

export const statefulSet = (name: string, podSpec: Any = {}, more: Any = {}): KubeObject =>
  object('apps/v1', 'StatefulSet', name, {
    spec: { replicas: more.replicas ?? 2, selector: { matchLabels: { app: name } }, template: template({ app: name }, podSpec) },
    status: { observedGeneration: 1, replicas: 2, readyReplicas: 0, currentRevision: `${name}-1`, updateRevision: `${name}-1`, ...more.status },
  }, { generation: 1 });

export interface PodState {
  ready?: boolean;
  waiting?: { reason: string; message?: string };
  terminated?: Any;
  last?: Any;
  restarts?: number;
  startedAt?: string;
  init?: boolean;
  phase?: string;
  labels?: Any;
  spec?: Any;
  scheduled?: { reason: string; message: string };
  nodeName?: string;
  ageS?: number;
  name?: string;
}

/* eslint-disable complexity -- defaults, one per member */
let pods = 0;

/** A pod of a ReplicaSet, StatefulSet or Job, in the state given. */
export function pod(owner: KubeObject, state: PodState = {}): KubeObject {
  const t = owner.spec?.template ?? { metadata: { labels: {} }, spec: { containers: [container()] } };
  const isReady = state.ready ?? false;
  const running = state.waiting || state.terminated ? undefined : { startedAt: state.startedAt ?? ago(40) };
  const status = {
    name: t.spec.containers[0].name, ready: isReady, restartCount: state.restarts ?? 0,
    state: { ...(state.waiting ? { waiting: state.waiting } : {}), ...(state.terminated ? { terminated: state.terminated } : {}), ...(running ? { running } : {}) },
    lastState: state.last ? { terminated: state.last } : {},
  };
  const init = { name: t.spec.initContainers?.[0]?.name ?? 'init', ready: false, restartCount: 0, state: { running: { startedAt: ago(30) } }, lastState: {} };
  const readyCondition = { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: ago(state.ageS ?? 40) };
  const conditions = state.scheduled ? [{ type: 'PodScheduled', status: 'False', ...state.scheduled }] : [{ type: 'PodScheduled', status: 'True' }, readyCondition];
  return object('v1', 'Pod', state.name ?? `${owner.metadata.name}-${String(++pods).padStart(3, 'x')}`, {
    spec: { ...t.spec, ...(state.scheduled ? {} : { nodeName: state.nodeName ?? 'node-1' }), ...state.spec },
    status: {
      phase: state.phase ?? (state.scheduled ? 'Pending' : 'Running'), conditions,
      containerStatuses: state.init ? [{ ...status, ready: false, state: { waiting: { reason: 'PodInitializing' } } }] : state.scheduled ? [] : [status],
      ...(state.init ? { initContainerStatuses: [init] } : {}),
    },
  }, { ...ownedBy(owner), labels: { ...t.metadata.labels, ...state.labels }, creationTimestamp: ago(state.ageS ?? 45) });
}

export const service = (name: string, spec: Any = {}, metadata: Any = {}): KubeObject =>
  object('v1', 'Service', name, { spec: { clusterIP: '10.0.0.1', selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }], ...spec } }, metadata);

export const node = (name: string, more: { ready?: boolean; spec?: Any; annotations?: Any; pressure?: string; memory?: string } = {}): KubeObject =>
  object('v1', 'Node', name, {
    spec: more.spec ?? {},
    status: {
      allocatable: { cpu: '8', memory: more.memory ?? '16Gi', pods: '110' },
      conditions: [
        { type: 'Ready', status: more.ready === false ? 'Unknown' : 'True', reason: more.ready === false ? 'NodeStatusUnknown' : 'KubeletReady' },
        ...(more.pressure ? [{ type: more.pressure, status: 'True' }] : []),
      ],
    },
  }, { namespace: undefined, annotations: more.annotations });

export const event = (o: KubeObject, reason: string, message: string, type: 'Normal' | 'Warning' = 'Warning') => ({
  at: ago(10), type, reason, message, count: 1, object: { kind: o.kind, namespace: o.metadata.namespace, name: o.metadata.name },
});

export const log = (p: KubeObject, lines: string[], more: Partial<LogExcerpt> = {}): LogExcerpt => ({ pod: p.metadata.name, container: 'app', isPrevious: false, lines, ...more });

export const problem = (alert: string, more: Partial<Problem> = {}): Problem => ({
  fingerprint: 'f1', alert, severity: 'critical', status: 'firing', startedAt: ago(20), refires: 0, labels: {}, annotations: {}, ...more,
});

export const evidenceOf = (target: KubeObject, objects: (KubeObject | KubeObject[])[], more: Partial<Evidence> = {}): Evidence => ({
  takenAt: NOW,
  target: { cluster: 'test', apiVersion: target.apiVersion, kind: target.kind, namespace: target.metadata.namespace, name: target.metadata.name, uid: target.metadata.uid },
  object: target,
  objects: [target, ...objects.flat()],
  events: [],
  logs: [],
  problems: [problem('KubePodCrashLooping')],
  history: [],
  similar: [],
  missing: [],
  ...more,
});
