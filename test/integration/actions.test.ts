import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ControlPlane } from '../../sandbox/launch/control-plane.js';
import { kubeClientOf, type KubeClient } from '../../sandbox/simulator/kube-client.js';
import { startSimulator, type Simulator } from '../../sandbox/simulator/simulator.js';
import { CORDONED_BY } from '../../src/actions/node.js';
import { actions } from '../../src/actions/index.js';
import { createExecute, type ActionActivities } from '../../src/activities/execute.js';
import { createPlanStep } from '../../src/activities/plan-step.js';
import { connectCluster, type ConnectedCluster } from '../../src/adapters/kubernetes/connect-cluster.js';
import type { Problem } from '../../src/domain/evidence.js';
import { conditionOf, isPodReady, podsOf, refOf, type KubeObject, type ObjectRef, type World } from '../../src/domain/kube.js';
import type { Proposal, Step } from '../../src/domain/plan.js';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.js';
import { redactObject } from '../../src/domain/redact-object.js';
import { shortHash } from '../../src/domain/target.js';
import { act } from '../support/act.js';
import { evidenceOf, problemOf } from '../support/objects.js';
import { startTestControlPlane } from '../support/servers.js';

let plane: ControlPlane;
let simulator: Simulator;
let admin: KubeClient;
let cluster: ConnectedCluster;
let execute: ActionActivities;
let serial = 0;

beforeAll(async () => {
  plane = await startTestControlPlane();
  simulator = await startSimulator({
    kubeconfig: plane.simulatorKubeconfig,
    certFile: join(plane.pkiDir, 'server.crt'),
    keyFile: join(plane.pkiDir, 'server.key'),
  });
  admin = kubeClientOf(plane.kubeconfig);
  cluster = await connectCluster({ name: 'test', kubeconfig: plane.kubeconfig, userAgentVersion: '9.9.9' });
  execute = createExecute({ cluster: () => cluster, actions, clock: { now: () => new Date().toISOString() } });
  await cluster.waitFor((w) => (w.list('Node').filter((n) => conditionOf(n, 'Ready')?.status === 'True').length >= 3 ? true : undefined), AbortSignal.timeout(60_000));
}, 600_000);

afterAll(async () => {
  await cluster?.close();
  await simulator?.stop();
  admin?.close();
  await plane?.stop();
}, 60_000);

const seen = <T>(isDone: (w: World) => T | undefined | false, ms = 60_000): Promise<T> => cluster.waitFor((w) => isDone(w) || undefined, AbortSignal.timeout(ms));
const live = async (ref: ObjectRef): Promise<KubeObject> => (await cluster.read(ref))!;
const deploymentRef = (ns: string): ObjectRef => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: ns, name: 'api' });
const nodeRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Node', name });
const deploymentPath = (ns: string) => `/apis/apps/v1/namespaces/${ns}/deployments/api`;

async function namespace(): Promise<string> {
  const name = `a${++serial}`;
  await admin.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (let n = 0; n < 50; n++) {
    if (await admin.request('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`).then(() => true, () => false)) return name;
    await sleep(100);
  }
  throw new Error(`namespace ${name} has no service account`);
}

const images = (ns: string, yaml: string) => admin.request('merge', '/api/v1/namespaces/kubernaut-sandbox/configmaps/images', { data: { [`${ns}.yaml`]: `images:\n${yaml}` } });

interface Shape {
  replicas?: number;
  container?: object;
  strategy?: object;
}

async function deploy(ns: string, { replicas = 2, container = {}, strategy }: Shape = {}): Promise<void> {
  await admin.request('POST', `/apis/apps/v1/namespaces/${ns}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api' },
    spec: {
      replicas,
      ...(strategy ? { strategy } : {}),
      selector: { matchLabels: { app: 'api' } },
      template: {
        metadata: { labels: { app: 'api' } },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'api', image: `${ns}/api:1`, env: [{ name: 'DB_PASSWORD', value: `secret-of-${ns}` }], ...container }] },
      },
    },
  });
}

const isAvailable = (ns: string, count: number) => (w: World) => {
  const o = w.get('Deployment', ns, 'api');
  return o?.status?.availableReplicas === count && o.status.replicas === count && o.status.observedGeneration === o.metadata.generation && o;
};

/** What is written by the person in these tests. */
const person = (path: string, body: object) => admin.request('merge', `${path}?fieldManager=person`, body);

interface Prepared {
  action: string;
  /** The object that is written. */
  ref: ObjectRef;
  params: Record<string, unknown>;
  problems?: Problem[];
  policy?: Partial<Policy>;
  /** What the action changes of its object, to compare before and after. */
  picture(o: KubeObject): unknown;
  /** A person changes the very field the action writes. */
  edit(): Promise<unknown>;
  /** Takes the person's edit back (so that the next test starts clean). */
  clean?(): Promise<unknown>;
}

/** From recorded, redacted evidence alone, as activities/plan.ts does. */
function planned({ action, params, ref, problems, policy }: Pick<Prepared, 'action' | 'params' | 'ref' | 'problems' | 'policy'>): Step {
  const target = cluster.world().get(ref.kind, ref.namespace, ref.name)!;
  const objects = JSON.parse(JSON.stringify(redactObject([...cluster.world().objects]))) as KubeObject[];
  const evidence = evidenceOf(objects, { target, problems: problems ?? [] });
  const proposal: Proposal = { action, target: { ...refOf(target), uid: target.metadata.uid }, parameters: params, confidence: 1, reason: 'x', source: 'rules', by: 'test' };
  return createPlanStep({ actions })(proposal, evidence, { ...DEFAULT_POLICY, ...policy }, 0, new Date().toISOString());
}

/** Writes of one action that took effect, as the API server's audit log has them. */
async function ledger(actionId: string): Promise<string[]> {
  await sleep(300); // the audit backend writes in batches
  return readFileSync(plane.auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`action=${shortHash(actionId)}`))
    .map((line) => JSON.parse(line) as { verb: string; requestURI: string; objectRef?: { resource: string; subresource?: string }; responseStatus?: { code: number } })
    .filter((l) => ['create', 'update', 'patch', 'delete'].includes(l.verb) && (l.responseStatus?.code ?? 0) < 300 && !l.requestURI.includes('dryRun') && l.objectRef?.resource !== 'events')
    .map((l) => `${l.verb} ${l.objectRef?.resource}${l.objectRef?.subresource ? `/${l.objectRef.subresource}` : ''}`);
}

const newActionId = () => `remediation/test/x/${++serial}/0`;
const rejection = (code: string) => expect.objectContaining({ code });

/** A namespace on its way out does not stand in the way of the next test. */
const forget = (ns: string | undefined) => (ns ? admin.request('DELETE', `/api/v1/namespaces/${ns}`) : undefined);

async function budget(ns: string, minAvailable: number): Promise<void> {
  await admin.request('POST', `/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets`, {
    apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'api' }, spec: { minAvailable, selector: { matchLabels: { app: 'api' } } },
  });
  await seen((w) => w.get('PodDisruptionBudget', ns, 'api')?.status?.currentHealthy >= minAvailable);
}

const SCENES: Record<string, () => Promise<Prepared & { write: string }>> = {
  async scale_deployment() {
    const ns = await namespace();
    await deploy(ns);
    await seen(isAvailable(ns, 2));
    return {
      action: 'scale_deployment', write: 'update deployments/scale', ref: deploymentRef(ns), params: { namespace: ns, name: 'api', replicas: 3 },
      picture: (o) => o.spec.replicas,
      edit: () => person(deploymentPath(ns), { spec: { replicas: 5 } }),
    };
  },

  async increase_resources() {
    const ns = await namespace();
    await images(ns, `  - { image: "${ns}/api:1", memory: 200Mi }\n`);
    await deploy(ns, { replicas: 1, container: { resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '128Mi' } } } });
    await seen((w) => w.list('Pod', ns).some((p) => p.status?.containerStatuses?.[0]?.lastState?.terminated?.reason === 'OOMKilled'));
    return {
      action: 'increase_resources', write: 'patch deployments', ref: deploymentRef(ns),
      params: { namespace: ns, name: 'api', kind: 'Deployment', container: 'api', memory: '256Mi' },
      picture: (o) => o.spec.template,
      edit: () => admin.request('strategic', deploymentPath(ns), { spec: { template: { spec: { containers: [{ name: 'api', resources: { limits: { memory: '140Mi' } } }] } } } }),
    };
  },

  async rollback_deployment() {
    const ns = await namespace();
    await images(ns, `  - { image: "${ns}/api:2", exit: { code: 1, log: "panic" } }\n`);
    await deploy(ns);
    await seen(isAvailable(ns, 2));
    await admin.request('strategic', deploymentPath(ns), { spec: { template: { spec: { containers: [{ name: 'api', image: `${ns}/api:2` }] } } } });
    await seen((w) => w.list('Pod', ns).some((p) => (p.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0));
    return {
      action: 'rollback_deployment', write: 'patch deployments', ref: deploymentRef(ns), params: { namespace: ns, name: 'api' },
      problems: [problemOf({ startedAt: new Date().toISOString() })],
      picture: (o) => o.spec.template,
      edit: () => admin.request('strategic', deploymentPath(ns), { spec: { template: { spec: { containers: [{ name: 'api', image: `${ns}/api:3` }] } } } }),
    };
  },

  async update_hpa() {
    const ns = await namespace();
    const path = `/apis/autoscaling/v2/namespaces/${ns}/horizontalpodautoscalers`;
    await images(ns, `  - { image: "${ns}/api:1", load: { cpu: 2 } }\n`);
    await deploy(ns, { replicas: 1, container: { resources: { requests: { cpu: '100m', memory: '32Mi' } } } });
    await admin.request('POST', path, {
      apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'api' },
      spec: {
        minReplicas: 1, maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' },
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
      },
    });
    await seen((w) => conditionOf(w.get('HorizontalPodAutoscaler', ns, 'api'), 'ScalingLimited')?.reason === 'TooManyReplicas' && isAvailable(ns, 2)(w));
    return {
      action: 'update_hpa', write: 'patch horizontalpodautoscalers', ref: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', namespace: ns, name: 'api' },
      params: { namespace: ns, name: 'api', maxReplicas: 3 },
      picture: (o) => o.spec,
      edit: () => person(`${path}/api`, { spec: { maxReplicas: 5 } }),
    };
  },

  async cordon_node() {
    const path = '/api/v1/nodes/sandbox-1';
    return {
      action: 'cordon_node', write: 'patch nodes', ref: nodeRef('sandbox-1'), params: { node: 'sandbox-1' },
      picture: (o) => [o.spec.unschedulable, o.metadata.annotations?.[CORDONED_BY]],
      edit: () => person(path, { spec: { unschedulable: true }, metadata: { annotations: { [CORDONED_BY]: 'a person' } } }),
      clean: () => person(path, { spec: { unschedulable: null }, metadata: { annotations: { [CORDONED_BY]: null } } }),
    };
  },

  async uncordon_node() {
    const path = '/api/v1/nodes/sandbox-2';
    await person(path, { spec: { unschedulable: true }, metadata: { annotations: { [CORDONED_BY]: 'remediation/test/-/Node/sandbox-2' } } });
    await seen((w) => w.get('Node', undefined, 'sandbox-2')?.spec?.taints?.length > 0);
    return {
      action: 'uncordon_node', write: 'patch nodes', ref: nodeRef('sandbox-2'), params: { node: 'sandbox-2' },
      policy: { actions: { uncordon_node: { readyFor: '1s' } } },
      picture: (o) => [o.spec.unschedulable, o.metadata.annotations?.[CORDONED_BY]],
      edit: () => person(path, { metadata: { annotations: { [CORDONED_BY]: 'a person' } } }),
      clean: () => person(path, { spec: { unschedulable: null }, metadata: { annotations: { [CORDONED_BY]: null } } }),
    };
  },

  async 'restart_pod, rolling'() {
    const ns = await namespace();
    await deploy(ns);
    await seen(isAvailable(ns, 2));
    return {
      action: 'restart_pod', write: 'patch deployments', ref: deploymentRef(ns), params: { namespace: ns, workload: 'api', strategy: 'rolling_restart' },
      picture: (o) => o.spec.template,
      edit: () => person(deploymentPath(ns), { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'a person' } } } } }),
    };
  },
};

describe.each(Object.entries(SCENES))('%s on a real API server', (_name, prepare) => {
  let scene: Awaited<ReturnType<typeof prepare>>;
  let step: Step;
  let before: unknown;
  const actionId = newActionId();
  const run = (mode: 'apply' | 'undo', of: Step = step, id = actionId) => act(execute, { step: of, actionId: id, mode });
  const picture = async () => scene.picture(await live(scene.ref));

  beforeAll(async () => {
    scene = await prepare();
    step = planned(scene);
    before = await picture();
  }, 120_000);

  afterAll(() => scene?.clean?.() ?? forget(scene?.ref.namespace));

  it('leaves the object alone in a dry run', async () => {
    const { metadata } = await live(scene.ref);
    for (const change of step.changes) await expect(cluster.apply(change, { actionId, isDryRun: true })).resolves.toMatchObject({ status: 'dry_run' });
    expect(await picture()).toEqual(before);
    expect((await live(scene.ref)).metadata.generation).toBe(metadata.generation);
    expect(await ledger(actionId)).toEqual([]);
  }, 60_000);

  it('writes once and converges', async () => {
    await expect(run('apply')).resolves.toMatchObject({ status: 'applied' });
    expect(await picture()).not.toEqual(before);
    expect(await ledger(actionId)).toEqual([scene.write]);
  }, 120_000);

  it('changes nothing when it is repeated', async () => {
    await expect(run('apply')).resolves.toMatchObject({ status: 'already_applied' });
    expect(await ledger(actionId)).toEqual([scene.write]);
  }, 60_000);

  it('gives the before-image back, or says that there is no undo', async () => {
    if (step.undo.kind === 'none') return expect(run('undo')).rejects.toEqual(rejection('InverseUnavailable'));
    await run('undo');
    expect(await picture()).toEqual(before);
  }, 90_000);

  it("never overwrites a person's edit between plan and write, nor after it", async () => {
    const { metadata } = await live(scene.ref);
    await seen((w) => w.get(scene.ref.kind, scene.ref.namespace, scene.ref.name)?.metadata.resourceVersion === metadata.resourceVersion);
    await scene.edit();
    const theirs = await picture();
    await expect(run('apply', step, newActionId())).rejects.toEqual(rejection('PreconditionChanged'));
    if (step.undo.kind !== 'none') await expect(run('undo')).rejects.toEqual(rejection('Drifted'));
    expect(await picture()).toEqual(theirs);
  }, 90_000);
});

describe('restart_pod on a real API server', () => {
  let ns: string;
  let step: Step;
  let ref: ObjectRef;
  const actionId = newActionId();

  beforeAll(async () => {
    ns = await namespace();
    await deploy(ns);
    const deployment = await seen(isAvailable(ns, 2));
    const pod = podsOf(cluster.world(), deployment)[0]!;
    ref = refOf(pod);
    step = planned({ action: 'restart_pod', ref, params: { namespace: ns, pod: pod.metadata.name } });
  }, 120_000);

  afterAll(() => forget(ns));

  it('leaves the pod alone in a dry run', async () => {
    await expect(cluster.apply(step.changes[0]!, { actionId, isDryRun: true })).resolves.toMatchObject({ status: 'dry_run' });
    expect((await live(ref)).metadata).toMatchObject({ uid: step.target.uid });
    expect((await live(ref)).metadata.deletionTimestamp).toBeUndefined();
  }, 30_000);

  it('evicts it once and waits for a Ready replacement; a repeat changes nothing', async () => {
    await expect(act(execute, { step, actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'applied' });
    expect(cluster.world().byUid(step.target.uid!)).toBeUndefined();
    await seen(isAvailable(ns, 2), 5000); // the deployment counts a moment later
    await expect(act(execute, { step, actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'already_applied' });
    expect(await ledger(actionId)).toEqual(['create pods/eviction']);
  }, 60_000);

  it('says that there is no undo', async () => {
    await expect(act(execute, { step, actionId, mode: 'undo' })).rejects.toEqual(rejection('InverseUnavailable'));
  });

  it('waits for a budget that blocks it, and goes on when it frees up', async () => {
    const pod = podsOf(cluster.world(), await live(deploymentRef(ns)))[0]!;
    await budget(ns, 2);
    const blocked = planned({ action: 'restart_pod', ref: refOf(pod), params: { namespace: ns, pod: pod.metadata.name } });
    await expect(act(execute, { step: blocked, actionId: newActionId(), mode: 'apply' }, 1)).rejects.toEqual(rejection('PdbBlocked'));
    const waiting = act(execute, { step: blocked, actionId: newActionId(), mode: 'apply' });
    await person(`/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets/api`, { spec: { minAvailable: 1 } });
    await expect(waiting).resolves.toMatchObject({ status: 'applied' });
  }, 60_000);
});

describe('drain_node on a real API server', () => {
  const params = { node: 'sandbox-3', deadline: '2m' };
  const actionId = newActionId();
  let ns: string;
  let step: Step;

  beforeAll(async () => {
    await seen((w) => w.list('Pod').length === 0); // those of the tests before
    ns = await namespace();
    await deploy(ns, { replicas: 6 });
    await seen((w) => isAvailable(ns, 6)(w) && w.list('Pod', ns).some((p) => p.spec?.nodeName === params.node));
    await budget(ns, 5);
    step = planned({ action: 'drain_node', ref: nodeRef(params.node), params });
  }, 120_000);

  afterAll(() => forget(ns));

  it('leaves everything alone in a dry run', async () => {
    await cluster.apply(step.changes[0]!, { actionId, isDryRun: true });
    expect((await live(nodeRef(params.node))).spec.unschedulable).toBeUndefined();
  }, 30_000);

  it('empties the node without ever breaking the budget, evicting each pod once', async () => {
    const pinned = step.changes.filter((c) => c.op === 'evict');
    expect(pinned.length).toBeGreaterThan(0);
    let fewest = 6;
    const watching = new AbortController();
    const watch = cluster.waitFor((w) => void (fewest = Math.min(fewest, w.list('Pod', ns).filter(isPodReady).length)), watching.signal).catch(() => undefined);
    await expect(act(execute, { step, actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'applied' });
    watching.abort();
    await watch;
    expect(fewest).toBeGreaterThanOrEqual(5);
    expect(cluster.world().list('Pod').filter((p) => p.spec?.nodeName === params.node)).toEqual([]);
    const writes = await ledger(actionId);
    expect(writes.filter((w) => w === 'create pods/eviction')).toHaveLength(pinned.length);
    expect(writes.filter((w) => w !== 'create pods/eviction')).toEqual(['patch nodes']);
  }, 150_000);

  it('changes nothing when it is repeated', async () => {
    const writes = await ledger(actionId);
    await expect(act(execute, { step, actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'already_applied' });
    expect(await ledger(actionId)).toEqual(writes);
  }, 60_000);

  it('opens the node again when it is undone', async () => {
    await act(execute, { step, actionId, mode: 'undo' });
    const node = await live(nodeRef(params.node));
    expect([node.spec.unschedulable, node.metadata.annotations?.[CORDONED_BY]]).toEqual([undefined, undefined]);
  }, 30_000);
});
