import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Remediation } from '../../src/contracts/remediation.js';
import { loadScenario } from '../../sandbox/scenarios/load.js';
import type { Product } from '../../sandbox/scenarios/product.js';
import { runScenario, type Result } from '../../sandbox/scenarios/run-scenario.js';
import { keyOf, takeSnapshot } from '../../sandbox/scenarios/snapshot.js';
import { diffSnapshots } from '../../sandbox/scenarios/diff.js';
import { openWorkbench, type Workbench } from '../../sandbox/scenarios/workbench.js';
import { startSimulatedCluster, type SimulatedCluster } from '../support/simulated-cluster.js';

/** The runner against a real API server and simulated kubelets; the product is played by each test. */
const TIMEOUT_MS = 90_000;
let cluster: SimulatedCluster;
let bench: Workbench;
let count = 0;

beforeAll(async () => {
  cluster = await startSimulatedCluster();
  bench = await openWorkbench(cluster.client);
}, TIMEOUT_MS);
afterAll(() => cluster.stop(), TIMEOUT_MS);

interface Act {
  bench: Workbench;
  namespace: string;
  patch(kind: string, name: string, body: object): Promise<void>;
  remediation(more?: Partial<Remediation>): void;
}

/** What the product does once it is told; and everything it was told. */
async function play(text: string, act: (a: Act) => Promise<void>): Promise<{ result: Result; calls: string[] }> {
  const loaded = loadScenario('test.yaml', text, `t${(count += 1)}`);
  const { namespace } = loaded;
  const calls: string[] = [];
  const remediations: Remediation[] = [];
  const cleanings: Promise<void>[] = [];
  const name = (kind: string, object: string) => bench.name(`${kind}/${object}`, { file: namespace });
  const actor: Act = {
    bench,
    namespace,
    patch: (kind, object, body) => bench.patch(name(kind, object), 'strategic', body),
    remediation: (more = {}) => {
      const found = remediations.find((r) => r.id === (more.id ?? 'r-1'));
      const one = found ?? ({ id: 'r-1', phase: 'received', started_at: new Date().toISOString(), timeline: [], usage: { tokens: 0, api_requests: 0 }, target: { cluster: 'c', apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web' } } as unknown as Remediation);
      Object.assign(one, more);
      if (!found) remediations.push(one);
    },
  };
  const product: Product = {
    sendAlerts: async (body) => {
      const { status, alerts } = body as { status: string; alerts: { labels: Record<string, string> }[] };
      calls.push(`alerts ${status} ${alerts.map((a) => a.labels['alertname']).join()}`);
      if (status === 'firing') void act(actor);
    },
    remediationsSince: async () => remediations,
    decide: async (r, kind) => {
      calls.push(`${kind} ${r.plan?.hash}`);
      actor.remediation({ phase: 'closed', outcome: kind === 'approve' ? 'fixed' : 'denied' });
    },
    cancel: async (id) => void calls.push(`cancel ${id}`),
    setPolicy: async (place, policy) => void calls.push(`policy ${place} ${JSON.stringify(policy)}`),
    removePolicy: async (place) => void calls.push(`policy ${place} removed`),
    useModel: async () => undefined,
  };
  const feed = { latest: () => remediations, next: async () => new Promise<Remediation[]>((resolve) => setTimeout(() => resolve(remediations), 100)), stop: () => undefined };
  const result = await runScenario(loaded, { bench, view: cluster.simulator.cache, product, feed, signal: new AbortController().signal, sweep: (c) => void cleanings.push(c) });
  await Promise.all(cleanings);
  return { result, calls: calls.map((c) => c.replaceAll(namespace, '$NS')) };
}

const deployment = (name: string, more = ''): string => `
  apiVersion: apps/v1
  kind: Deployment
  metadata: { name: ${name} }
  spec:
    replicas: 2
    selector: { matchLabels: { app: ${name} } }
    template:
      metadata: { labels: { app: ${name} } }
      spec: { ${more} containers: [{ name: app, image: "runner/app:1", command: [app], readinessProbe: { tcpSocket: { port: 80 } } }] }
`;
const file = (more: string, expectation: string): string => `
id: runner
images: [{ image: "runner/app:*", command: [app] }]
before: |${deployment('web')}  ---${deployment('other')}
${more}
signal: { alertmanager: [{ labels: { alertname: KubePodCrashLooping, namespace: $NS, deployment: web } }] }
expect: { within: 12s, ${expectation} }
`;
const BREAK = 'fault: [{ patch: { target: deployment/web, body: { spec: { template: { spec: { containers: [{ name: app, command: [ap] }] } } } } } }, { wait: 2s }]';
const MEND = { spec: { template: { spec: { containers: [{ name: 'app', command: ['app'] }] } } } };
const step = { action: 'rollback_deployment', tier: 2, status: 'applied', started_at: '2026-01-01T00:00:00Z' } as never;

/** A good rollback: mended, rolled out, then closed. */
const mend = async (a: Act): Promise<void> => {
  await a.patch('deployment', 'web', MEND);
  await new Promise((resolve) => setTimeout(resolve, 3500));
  a.remediation({ phase: 'closed', outcome: 'fixed', plan: { hash: 'h', steps: [step] }, closed_at: new Date().toISOString() });
};
const STATE = 'state: [{ get: deployment/web, path: ".spec.template.spec.containers[0].command", equals: [app] }, { get: deployment/web, path: .status.availableReplicas, equals: 2 }]';

describe('a scenario', () => {
  it('passes when the fault is mended and nothing else is touched, and leaves the cluster as it was', async () => {
    const before = await takeSnapshot(bench);
    const { result, calls } = await play(file(BREAK, `outcome: fixed, actions: { first: rollback_deployment, atMost: 1 }, changed: [deployment/web], ${STATE}`), mend);
    expect(result).toMatchObject({ verdict: 'pass', why: '', outcome: 'fixed', action: 'rollback_deployment', target: 'deployment/web' });
    expect(calls[0]).toBe('alerts firing KubePodCrashLooping');
    expect(calls).toContain('alerts resolved KubePodCrashLooping');
    expect(diffSnapshots(before, await takeSnapshot(bench), { isForeign: () => false })).toEqual([]);
    const images = [...(await takeSnapshot(bench)).values()].find((o) => keyOf(o) === 'ConfigMap/kubernaut-sandbox/images');
    expect(Object.keys(images?.data ?? {})).toEqual(['images.yaml']);
  }, TIMEOUT_MS);

  const wrong: [string, (a: Act) => Promise<void>, RegExp][] = [
    ['a bystander is changed', async (a) => (await a.patch('deployment', 'other', { spec: { replicas: 3 } }), mend(a)), /deployment\/other changed \(spec\.replicas\), not listed/],
    ['something is created', async (a) => (await a.bench.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'extra' } }, a.namespace), mend(a)), /configmap\/extra added, not listed/],
    ['the probe is stripped', async (a) => (await a.bench.patch(a.bench.name('deployment/web', { file: a.namespace }), 'json', [{ op: 'remove', path: '/spec/template/spec/containers/0/readinessProbe' }]), mend(a)), /stripped the readinessProbe/],
    ['it is deleted and made anew', async (a) => {
      const name = a.bench.name('deployment/web', { file: a.namespace });
      const { spec } = (await a.bench.get(name))!;
      await a.bench.remove(name);
      await a.bench.apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec }, a.namespace);
      await mend(a);
    }, /replaced .*deleting is no fix/],
    ['"fixed" is claimed and it is not', async (a) => a.remediation({ phase: 'closed', outcome: 'fixed', plan: { hash: 'h', steps: [step] } }), /command: is \["ap"\]/],
    ['nothing is done at all', async () => undefined, /outcome none, expected fixed/],
    ['it is never closed', async (a) => a.remediation({ phase: 'verifying' }), /not closed within 12 s/],
  ];

  it('fails, side by side with others, for what was done in its own namespace', async () => {
    const expectation = `outcome: fixed, changed: [deployment/web], ${STATE}`;
    const played = await Promise.all(wrong.map(async ([name, act]) => ({ name, ...(await play(file(BREAK, expectation), act)).result })));
    for (const [i, { name, verdict, why }] of played.entries()) {
      expect({ name, verdict }).toEqual({ name, verdict: 'fail' });
      expect(why).toMatch(wrong[i]![2]);
      expect(why).not.toMatch(i === 1 ? /other/ : /extra/);
    }
  }, TIMEOUT_MS);

  it('fails when a node is touched, and puts the node back', async () => {
    const cordon = async (a: Act) => (await a.bench.patch(a.bench.name('node/sandbox-2', { file: a.namespace }), 'merge', { spec: { unschedulable: true } }), mend(a));
    const { result } = await play(file(BREAK, `outcome: fixed, changed: [deployment/web], ${STATE}`), cordon);
    expect(result.why).toMatch(/node\/sandbox-2 changed \(spec\.unschedulable\)/);
    expect((await bench.get(bench.name('node/sandbox-2', { file: 'x' })))?.spec?.unschedulable).toBeUndefined();
  }, TIMEOUT_MS);

  it('plays every kind of fault, in further namespaces and on cluster-scoped objects, and removes all of it', async () => {
    const before = await takeSnapshot(bench);
    const text = `
id: everything
images: [{ image: "runner/app:*", command: [app] }, { image: runner/grow, memory: 10Mi }]
before: |
  apiVersion: v1
  kind: Node
  metadata: { name: runner-$RAND, labels: { pool: $RAND }, annotations: { kwok.x-k8s.io/node: fake } }
  status: { capacity: { cpu: "2", memory: 1Gi, pods: "10" } }
  ---
  apiVersion: storage.k8s.io/v1
  kind: StorageClass
  metadata: { name: runner-$RAND }
  provisioner: sandbox.kubernaut.io/disk
  allowVolumeExpansion: true
  ---
  apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: { name: data }
  spec: { accessModes: [ReadWriteOnce], storageClassName: runner-$RAND, resources: { requests: { storage: 1Gi } } }
  ---${deployment('web', 'nodeSelector: { pool: $RAND },')}  ---
  apiVersion: v1
  kind: ConfigMap
  metadata: { name: there, namespace: $NS-data }
  data: { a: "1" }
  ---
  apiVersion: batch/v1
  kind: Job
  metadata: { name: once }
  spec: { template: { spec: { restartPolicy: Never, containers: [{ name: once, image: runner/once }] } } }
fault:
  - patch: { target: node/sandbox-1, type: merge, body: { metadata: { labels: { touched: "yes" } } } }
  - patch: { target: configmap/there, namespace: $NS-data, type: json, body: [{ op: replace, path: /data/a, value: "2" }] }
  - scale: { target: deployment/web, replicas: 1 }
  - images: [{ image: "runner/app:*", command: [app], logs: [hello] }]
  - apply: |
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: there, namespace: $NS-data }
      data: { b: "3" }
  - delete: job/once
policy: { autonomy: approve, namespaces: { $NS-data: { autonomy: observe } }, actions: { a: { max: 1 } } }
approve: reject
disturb:
  - patch: { target: configmap/there, namespace: $NS-data, type: merge, body: { data: { c: "4" } } }
    when: awaiting_approval
signal: { alertmanager: [{ labels: { alertname: Strange, namespace: $NS } }] }
resolve: { after: 1s }
expect:
  outcome: denied
  state:
    - { get: configmap/there, namespace: $NS-data, path: .data, equals: { b: "3", c: "4" } }
    - { get: $NS-data/configmap/there, path: .data.a, absent: true }
    - { get: node/sandbox-1, path: .metadata.labels.touched, equals: "yes" }
    - { get: node/runner-$RAND, path: '.status.conditions[?(@.type=="Ready")].status', equals: "True" }
    - { get: deploy/web, path: .spec.replicas, equals: 1 }
    - { get: job/once, absent: true }
  changed: [$NS-data/configmap/there]
`;
    const { result, calls } = await play(text, async (a) => a.remediation({ phase: 'awaiting_approval', plan: { hash: 'h', steps: [] } }));
    expect(result).toMatchObject({ verdict: 'pass', why: '' });
    expect(calls).toEqual([
      'policy $NS {"autonomy":"approve","actions":{"a":{"max":1}}}',
      'policy $NS-data {"autonomy":"observe","actions":{"a":{"max":1}}}',
      'alerts firing Strange',
      'reject h',
      'alerts resolved Strange',
      'policy $NS removed',
      'policy $NS-data removed',
    ]);
    expect(diffSnapshots(before, await takeSnapshot(bench), { isForeign: () => false })).toEqual([]);
  }, TIMEOUT_MS);

  it('that cannot be built is an error with the reason, and is cleaned up, too', async () => {
    const { result } = await play('id: odd\nbefore: |\n  apiVersion: v1\n  kind: Oddity\n  metadata: { name: x }\nexpect: { outcome: none }', async () => undefined);
    expect(result).toMatchObject({ verdict: 'error' });
    expect(result.why).toContain('Oddity');
    expect(await bench.get(bench.name(`namespace/${result.namespace}`, { file: 'x' }))).toBeUndefined();
  }, TIMEOUT_MS);
});
