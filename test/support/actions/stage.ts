import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../../sandbox/launch/control-plane.js';
import { bindNamespace, installPermissions, type Identities } from '../../../sandbox/launch/permissions.js';
import { kubeClientOf, type KubeClient } from '../../../sandbox/simulator/kube-client.js';
import { startSimulator } from '../../../sandbox/simulator/simulator.js';
import { actions, type Action } from '../../../src/actions/index.js';
import { createExecute, type ActionActivities, type ExecuteDeps } from '../../../src/activities/execute.js';
import { createPlanStep } from '../../../src/activities/plan-step.js';
import { connectCluster, type ConnectedCluster } from '../../../src/adapters/kubernetes/connect-cluster.js';
import type { PastAction } from '../../../src/domain/evidence.js';
import { conditionOf, refOf, type KubeObject, type ObjectRef, type World } from '../../../src/domain/kube.js';
import type { Step } from '../../../src/domain/plan.js';
import type { DatabaseControl } from '../../../src/domain/ports.js';
import { DEFAULT_POLICY } from '../../../src/domain/policy.js';
import { redactObject } from '../../../src/domain/redact-object.js';
import { shortHash } from '../../../src/domain/target.js';
import { evidenceOf } from '../objects.js';
import { startTestControlPlane } from '../servers.js';
import type { Refusal, Scene } from './action-case.js';
import { auditTail } from './audit-tail.js';

/** One write in the audit log. */
export interface LedgerLine {
  verb: string;
  requestURI: string;
  objectRef?: { resource: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code: number };
  requestReceivedTimestamp: string;
  user: { username: string };
}

/** A real control plane with simulated kubelets, our connection to it, and what a test does as the person at the keyboard. */
export interface Stage {
  plane: ControlPlane;
  /** cluster-admin: the hand of the test, never the product's. */
  admin: KubeClient;
  /** As the product's service accounts: reading as one, writing as the other, in namespaces that `namespace()` made. */
  cluster: ConnectedCluster;
  /** Kubeconfigs of those service accounts. */
  identities: Identities;
  execute: ActionActivities;
  /** Waits for the watch cache to show something. */
  seen<T>(isDone: (w: World) => T | undefined | false, ms?: number): Promise<T>;
  live(ref: ObjectRef): Promise<KubeObject>;
  namespace(labels?: Record<string, string>): Promise<string>;
  forget(namespace: string | undefined): Promise<unknown>;
  /** The image table of one namespace, as YAML list items. */
  images(namespace: string, yaml: string): Promise<unknown>;
  /** Creates any object: the path is found from kind and namespace. */
  create(object: KubeObject): Promise<unknown>;
  /** A merge patch by a person. `path` as in the API. */
  person(path: string, body: object, type?: 'merge' | 'strategic'): Promise<unknown>;
  deploy(namespace: string, shape?: Shape): Promise<void>;
  budget(namespace: string, minAvailable: number): Promise<void>;
  planned(what: Planning): Step;
  newActionId(): string;
  /** Effective writes (2xx, no dry run, no events) of one action. */
  ledger(actionId: string): Promise<LedgerLine[]>;
  stop(): Promise<void>;
}

export interface Shape {
  name?: string;
  replicas?: number;
  container?: object;
  strategy?: object;
  /** Merged into the pod spec. */
  pod?: object;
  annotations?: Record<string, string>;
}

export interface Planning extends Pick<Scene, 'ref' | 'params' | 'problems' | 'policy' | 'extras'> {
  action: string;
  actionId?: string;
  history?: PastAction[];
  /** Served optional APIs. Default: those of the cluster. */
  apis?: string[];
  /** Changes the copies before planning, or gives others. */
  spoil?(objects: KubeObject[]): KubeObject[] | void;
}

export interface StageOptions {
  /** Kubeconfig of the product's connection, for tests that stand in between. Default: the product's own service accounts. */
  kubeconfig?: (plane: ControlPlane) => string;
  execute?: Partial<ExecuteDeps>;
  /** The product's way to Patroni. */
  databases?: DatabaseControl;
}

export const READY_NODES = 3;

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const plane = await startTestControlPlane();
  const simulator = await startSimulator({ kubeconfig: plane.simulatorKubeconfig, certFile: join(plane.pkiDir, 'server.crt'), keyFile: join(plane.pkiDir, 'server.key') });
  const admin = kubeClientOf(plane.kubeconfig);
  const identities = await installPermissions(plane, { namespaces: ['default'] });
  const cluster = await connectCluster({ name: 'test', ...addressOf(options, plane, identities), userAgentVersion: '9.9.9', databases: options.databases });
  const execute = createExecute({ cluster: () => cluster, actions, clock: { now: () => new Date().toISOString() }, ...options.execute });
  await cluster.waitFor((w) => (w.list('Node').filter((n) => conditionOf(n, 'Ready')?.status === 'True').length >= READY_NODES ? true : undefined), AbortSignal.timeout(60_000));
  const auditLines = auditTail(plane.auditLog);
  return {
    plane, admin, cluster, execute, identities,
    ...handsOf(admin, cluster),
    planned: (what) => plan(cluster, what),
    ledger: (actionId) => ledgerOf(auditLines, actionId),
    async stop() {
      await cluster.close();
      await simulator.stop();
      admin.close();
      await plane.stop();
    },
  };
}

function addressOf({ kubeconfig }: StageOptions, plane: ControlPlane, { reader, executor }: Identities) {
  if (kubeconfig) return { kubeconfig: kubeconfig(plane) };
  return { kubeconfig: reader, executor: { name: 'test', kubeconfig: executor } };
}

let serial = 0;

type Hands = Pick<Stage, 'seen' | 'live' | 'namespace' | 'forget' | 'images' | 'create' | 'person' | 'deploy' | 'budget' | 'newActionId'>;

function handsOf(admin: KubeClient, cluster: ConnectedCluster): Hands {
  const hands: Hands = {
    seen: (isDone, ms = 60_000) => cluster.waitFor((w) => isDone(w) || undefined, AbortSignal.timeout(ms)),
    live: async (ref) => (await cluster.read(ref))!,
    newActionId: () => `remediation/test/x/${String(++serial)}/0`,
    async namespace(labels = {}) {
      const name = `a${String(++serial)}`;
      await admin.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
      for (let n = 0; n < 50; n++) {
        if (await admin.request('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`).then(() => true, () => false)) return bindNamespace(admin, name).then(() => name);
        await sleep(100);
      }
      throw new Error(`namespace ${name} has no service account`);
    },
    // one that is on its way out does not stand in the way of the next test
    forget: async (ns) => (ns ? admin.request('DELETE', `/api/v1/namespaces/${ns}`) : undefined),
    images: (ns, yaml) => admin.request('merge', '/api/v1/namespaces/kubernaut-sandbox/configmaps/images', { data: { [`${ns}.yaml`]: `images:\n${yaml}` } }),
    async create(o) {
      const made = await admin.request('POST', collectionOf(o), o);
      if (o.kind === 'Namespace') await bindNamespace(admin, o.metadata.name);
      return made;
    },
    person: (path, body, type = 'merge') => admin.request(type, `${path}?fieldManager=person`, body),
    async deploy(ns, shape = {}) {
      await hands.create(deployment(ns, shape));
    },
    async budget(ns, minAvailable) {
      await hands.create({
        apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace: ns, name: 'api' }, spec: { minAvailable, selector: { matchLabels: { app: 'api' } } },
      });
      await hands.seen((w) => (w.get('PodDisruptionBudget', ns, 'api')?.status?.currentHealthy ?? 0) >= minAvailable);
    },
  };
  return hands;
}

const PLURALS: Record<string, string> = { NetworkPolicy: 'networkpolicies', StorageClass: 'storageclasses', VolumeSnapshotClass: 'volumesnapshotclasses' };

function collectionOf({ apiVersion, kind, metadata: { namespace } }: KubeObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${namespace ? `/namespaces/${namespace}` : ''}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}`;
}

const deployment = (ns: string, { name = 'api', replicas = 2, container = {}, strategy, pod = {}, annotations = {} }: Shape): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: ns, name, annotations },
  spec: {
    replicas,
    ...(strategy ? { strategy } : {}),
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, annotations: { team: 'shop' } },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ name, image: `${ns}/${name}:1`, env: [{ name: 'DB_PASSWORD', value: `secret-of-${ns}` }], ...container }], ...pod },
    },
  },
});

/** From recorded, redacted evidence alone, as activities/plan.ts does. */
function plan(cluster: ConnectedCluster, what: Planning): Step {
  const { action, ref, params, problems, history, apis = cluster.apis?.(), policy, spoil, actionId = 'remediation/test/x/plan/0' } = what;
  const target = cluster.world().get(ref.kind, ref.namespace, ref.name)!;
  const copies = JSON.parse(JSON.stringify(redactObject([...cluster.world().objects, ...(what.extras ?? [])]))) as KubeObject[];
  const evidence = evidenceOf(spoil?.(copies) ?? copies, { target, apis, problems, history });
  const proposal = { action, target: { ...refOf(target), uid: target.metadata.uid! }, parameters: params, confidence: 1, reason: 'x', source: 'rules' as const, by: 'test' };
  return createPlanStep({ actions })({ proposal, evidence, policy: { ...DEFAULT_POLICY, ...policy }, ordinal: 0, actionId, now: new Date().toISOString() });
}

/** The scene with one thing wrong. */
export const spoilt = (scene: Scene, { params, spoil, problems, history, policy, apis }: Refusal): Omit<Planning, 'action'> => ({
  ref: scene.ref,
  params: Object.fromEntries(Object.entries({ ...scene.params, ...params?.(scene) }).filter(([, v]) => v !== undefined)),
  problems: problems ?? scene.problems,
  extras: scene.extras,
  policy: { ...scene.policy, ...policy?.(scene) },
  history,
  apis,
  spoil: (objects) => spoil?.(objects, scene) ?? objects,
});

async function ledgerOf(auditLines: () => readonly string[], actionId: string): Promise<LedgerLine[]> {
  await sleep(300); // the audit backend writes in batches
  return auditLines()
    .filter((line) => line.includes(`action=${shortHash(actionId)}`))
    .map((line) => JSON.parse(line) as LedgerLine)
    .filter((l) => (['create', 'update', 'patch', 'delete'].includes(l.verb) || isCommand(l)) && (l.responseStatus?.code ?? 0) < 300 && !l.requestURI.includes('dryRun') && l.objectRef?.resource !== 'events');
}

/** A program run in a container begins as a GET; those that only look change nothing. */
const isCommand = ({ objectRef, requestURI }: LedgerLine): boolean =>
  objectRef?.subresource === 'exec' && !['stat', 'df', 'cat', 'sha256sum'].includes(new URL(requestURI, 'https://x').searchParams.get('command') ?? '');

/** `patch deployments`, `create pods/eviction`, `get pods/exec`. */
export const describeWrite = ({ verb, objectRef }: LedgerLine): string => `${verb} ${objectRef?.resource ?? '?'}${objectRef?.subresource ? `/${objectRef.subresource}` : ''}`;

export const deploymentRef = (ns: string, name = 'api'): ObjectRef => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: ns, name });
export const deploymentPath = (ns: string, name = 'api'): string => `/apis/apps/v1/namespaces/${ns}/deployments/${name}`;

export const isAvailable = (ns: string, count: number, name = 'api') => (w: World): KubeObject | false | undefined => {
  const o = w.get('Deployment', ns, name);
  return o?.status?.availableReplicas === count && o.status.replicas === count && o.status.observedGeneration === o.metadata.generation && o;
};

/** The one object of the evidence that a refusal changes. */
export const objectIn = (objects: KubeObject[], { kind, namespace, name }: ObjectRef): KubeObject =>
  objects.find((o) => o.kind === kind && o.metadata.namespace === namespace && o.metadata.name === name)!;

export const actionNamed = (id: string): Action => actions.get(id);
