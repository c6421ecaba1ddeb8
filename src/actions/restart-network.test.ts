import { describe, expect, it } from '@jest/globals';
import { Value } from '@sinclair/typebox/value';
import { serviceOf, slicesTo } from '../../test/support/mesh-objects.js';
import { createPlanStep } from '../activities/plan-step.js';
import { daemonSetOf, deploymentOf, edited, evidenceOf, factsOf, nodeOf, NOW, podOf, problemOf, replicaSetOf, threeNodes } from '../../test/support/objects.js';
import type { Problem } from '../domain/evidence.js';
import { refOf, worldOf, type KubeObject } from '../domain/kube.js';
import { DEFAULT_POLICY, policyFor, type Policy } from '../domain/policy.js';
import { registryOf } from '../domain/registry.js';
import { evaluateSafety } from '../domain/safety/chain.js';
import type { Action } from './index.js';
import { componentOf } from './network-components.js';
import { restartNetwork } from './restart-network.js';

const refusal = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) });
const NS = 'kube-system';
type Named = 'coredns' | 'kube-proxy' | 'cni' | 'ingress';

const dns = (o: Parameters<typeof deploymentOf>[1] = {}) => deploymentOf('coredns', { namespace: NS, ...o });
const agent = (name = 'calico-node', o: Parameters<typeof daemonSetOf>[1] = {}) => daemonSetOf(name, { namespace: NS, ...o });
const ingress = (o: Parameters<typeof deploymentOf>[1] = {}) => deploymentOf('ingress-nginx-controller', { namespace: 'ingress-nginx', ...o });
const ours = (name: string, node: string) => podOf(name, { namespace: 'kubernaut', node });
const routeToUs: KubeObject = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { namespace: 'kubernaut', name: 'gateway' }, spec: {} };

function plan(component: Named, object: KubeObject, others: KubeObject[] = threeNodes(), problems: Problem[] = []) {
  const sets = object.kind === 'Deployment' ? [replicaSetOf(object, 1, { available: 2 })] : [];
  return restartNetwork.plan(object, { component }, factsOf([object, ...sets, ...others], { problems }));
}

describe('restart_network, which object', () => {
  it.each<[string, Named, KubeObject | undefined, string]>([
    ['CoreDNS by its usual name', 'coredns', undefined, 'Deployment kube-system/coredns'],
    ['kube-proxy by its usual name', 'kube-proxy', undefined, 'DaemonSet kube-system/kube-proxy'],
    ['the agent that the proposal is about', 'cni', agent('cilium'), 'DaemonSet kube-system/cilium'],
    ['the controller that the proposal is about', 'ingress', ingress(), 'Deployment ingress-nginx/ingress-nginx-controller'],
    ['nothing else that a proposal is about', 'cni', daemonSetOf('fluent-bit', { namespace: NS }), 'DaemonSet kube-system/calico-node'],
  ])('is %s', (_what, component, asked, expected) => {
    const { kind, namespace, name } = restartNetwork.targetOf({ component }, asked && refOf(asked));
    expect(`${kind} ${namespace}/${name}`).toBe(expected);
  });

  it('is what the locators say', () => {
    const ref = refOf(ingress());
    expect(restartNetwork.locate(ref)).toEqual({ component: 'ingress', kind: 'Deployment', namespace: 'ingress-nginx', name: 'ingress-nginx-controller' });
    expect(restartNetwork.targetOf(restartNetwork.locate(ref) as never)).toEqual(ref);
  });

  it.each(['calico-node-2', 'coredns-custom', 'etcd', 'kube-apiserver'])('is never %s', (name) => {
    expect(componentOf({ kind: 'Deployment', namespace: NS, name })).toBeUndefined();
    const object = deploymentOf(name, { namespace: NS });
    expect(() => plan('coredns', object)).toThrow(refusal('InvalidParams', /not the coredns of a cluster/));
    expect(restartNetwork.applies(object, factsOf([object]))).toMatch(/not a network component/);
  });

  it('is never a namesake in another namespace, or of another kind', () => {
    expect(componentOf({ kind: 'Deployment', namespace: 'shop', name: 'coredns' })).toBeUndefined();
    expect(componentOf({ kind: 'DaemonSet', namespace: NS, name: 'coredns' })).toBeUndefined();
    expect(() => plan('cni', dns())).toThrow(refusal('InvalidParams', /not the cni/));
  });

  it.each([['two components', { component: ['coredns', 'cni'] }], ['an unknown one', { component: 'etcd' }], ['all', { component: '*' }], ['none', {}], ['a pod', { component: 'coredns', pod: 'coredns-1' }]])('cannot be %s', (_what, params) => {
    expect(Value.Check(restartNetwork.params, params)).toBe(false);
  });
});

describe('restart_network', () => {
  it('restarts by the time of the plan, named by its row, and pins the object', () => {
    expect(plan('coredns', dns())).toMatchObject({
      changes: [{ op: 'edit', ref: { kind: 'Deployment', namespace: NS, name: 'coredns' }, edits: [{ after: { 'kubectl.kubernetes.io/restartedAt': '2026-03-01T12:00:00Z' } }] }],
      summary: 'restart coredns (deployment kube-system/coredns) one pod after the other',
      parameters: { component: 'coredns', kind: 'Deployment', namespace: NS, name: 'coredns' },
      actsInProtected: true,
    });
  });

  it.each<[Named, KubeObject, boolean]>([['cni', agent(), true], ['kube-proxy', agent('kube-proxy'), true], ['coredns', dns(), false], ['ingress', ingress(), false]])('needs a person for %s whatever the policy says: %s', (component, object, isDue) => {
    expect(plan(component, object).needsApproval !== undefined).toBe(isDue);
  });

  it.each<[string, Named, KubeObject, Problem]>([
    ['its name', 'coredns', dns(), problemOf({ alert: 'CoreDNSLatencyHigh' })],
    ['a label', 'cni', agent(), problemOf({ alert: 'KubeDaemonSetRolloutStuck', labels: { daemonset: 'calico-node' } })],
    ['one of several', 'ingress', ingress(), problemOf({ alert: 'NginxHigh5xx' })],
  ])('takes an alert that speaks of it by %s', (_how, component, object, problem) => {
    expect(plan(component, object, threeNodes(), [problemOf(), problem]).changes).toHaveLength(1);
  });

  const moving = agent('kube-proxy', { status: { updatedNumberScheduled: 1 } });
  it.each<[string, Named, KubeObject, KubeObject[], Problem[], RegExp]>([
    ['no alert speaks of it', 'coredns', dns(), threeNodes(), [problemOf({ annotations: { summary: 'dns is broken, restart it' } })], /no alert speaks of coredns/],
    ['another component is rolling out', 'coredns', dns(), [...threeNodes(), moving], [], /only one network component/],
    ['more than a tenth of the nodes is not Ready', 'cni', agent(), [...threeNodes(), nodeOf('dead', { isReady: false })], [], /1 of 4 nodes/],
    ['DNS has one Ready replica', 'coredns', dns({ status: { readyReplicas: 1 } }), threeNodes(), [], /1 Ready replicas of 2/],
    ['DNS wants one replica', 'coredns', dns({ replicas: 1 }), threeNodes(), [], /needs two/],
    ['DNS may lose two replicas at once', 'coredns', dns({ spec: { strategy: { rollingUpdate: { maxUnavailable: 2 } } } }), threeNodes(), [], /may lose 2 replicas/],
    ['DNS may lose a share that is two', 'coredns', dns({ replicas: 8 }), threeNodes(), [], /may lose 2 replicas/],
    ['DNS is replaced all at once', 'coredns', dns({ spec: { strategy: { type: 'Recreate' } } }), threeNodes(), [], /one by one/],
    ['all of ours is on one node', 'kube-proxy', agent('kube-proxy'), [...threeNodes(), ours('gateway', 'worker-1'), ours('worker', 'worker-1')], [], /on node worker-1/],
    ['it is the only way in to us', 'ingress', ingress({ replicas: 1 }), [...threeNodes(), routeToUs], [], /only replica on the way to Kubernaut/],
    ['the agent is replaced when deleted only', 'cni', agent('calico-node', { spec: { updateStrategy: { type: 'OnDelete' } } }), threeNodes(), [], /one by one/],
  ])('refuses when %s', (_why, component, object, others, problems, message) => {
    expect(() => plan(component, object, others, problems)).toThrow(refusal('PreconditionChanged', message));
  });

  it('goes on where ours is spread, or another way in is left', () => {
    expect(plan('kube-proxy', agent('kube-proxy'), [...threeNodes(), ours('gateway', 'worker-1'), ours('worker', 'worker-2')]).changes).toHaveLength(1);
    expect(plan('ingress', ingress(), [...threeNodes(), routeToUs]).changes).toHaveLength(1);
  });
});

describe('restart_network, in its protected namespace, set to auto by policy', () => {
  const policy: Policy = { ...DEFAULT_POLICY, autonomy: 'auto', actions: { restart_network: { autonomy: 'auto' }, restart_daemonset: { autonomy: 'auto' } } };
  function verdictOn(object: KubeObject, component: Named) {
    const sets = object.kind === 'Deployment' ? [replicaSetOf(object, 1, { available: 2 })] : [];
    const evidence = evidenceOf([object, ...sets, ...threeNodes()], { problems: [problemOf({ alert: `${component} down` })] });
    const proposal = { action: 'restart_network', target: { ...refOf(object), uid: object.metadata.uid! }, parameters: { component }, confidence: 1, reason: 'x', source: 'rules' as const, by: 'test' };
    const step = createPlanStep({ actions: registryOf<Action>('action', [restartNetwork as never]) })({ proposal, evidence, policy, ordinal: 0, actionId: 'a', now: NOW });
    const facts = {
      now: NOW, target: evidence.target, step, world: worldOf(evidence.objects), problems: evidence.problems, history: [], policy, scope: policyFor(policy, { namespace: NS, severity: 'critical', action: step.action }),
      groundedUids: new Set(evidence.objects.map((o) => o.metadata.uid!)), source: 'rules' as const, confidence: 1,
    };
    return { verdict: evaluateSafety(facts), stripped: evaluateSafety({ ...facts, step: { ...step, actsInProtected: undefined } }) };
  }

  it('runs by itself for CoreDNS, and would be denied without the mark of its row', () => {
    const { verdict, stripped } = verdictOn(dns(), 'coredns');
    expect(verdict).toEqual({ decision: 'allow', findings: [] });
    expect(stripped.findings).toMatchObject([{ reason: 'protected_namespace' }]);
  });

  it.each<[Named, KubeObject]>([['cni', agent()], ['kube-proxy', agent('kube-proxy')]])('asks for %s all the same', (component, object) => {
    expect(verdictOn(object, component).verdict).toMatchObject({ decision: 'ask', findings: [{ check: 'autonomy', reason: 'approval_required' }] });
  });
});

describe('restart_network, its success', () => {
  const object = dns();
  const planned = plan('coredns', object);
  const { changes } = planned;
  const done = edited(object, changes[0]!.op === 'edit' ? changes[0]!.edits : []);
  const verify = (o: KubeObject, others: KubeObject[]) => restartNetwork.verify(worldOf([o, ...others]), planned.parameters as never, refOf(object), { changes });
  const service = serviceOf(NS, 'kube-dns', 'coredns');
  const cut = nodeOf('worker-9', { conditions: [{ type: 'NetworkUnavailable', status: 'True' }] });

  it.each<[string, KubeObject, KubeObject[], string]>([
    ['waits until the time is seen', object, threeNodes(), 'waiting'],
    ['waits for the rollout', { ...done, status: { ...done.status, updatedReplicas: 1 } }, threeNodes(), 'waiting'],
    ['waits while nobody answers behind its Service', done, [...threeNodes(), service, slicesTo(NS, 'kube-dns', 0)], 'waiting'],
    ['waits while a node has no network', done, [...threeNodes(), cut], 'waiting'],
    ['is reached when DNS answers and all nodes have a network', done, [...threeNodes(), service, slicesTo(NS, 'kube-dns', 2)], 'reached'],
  ])('%s', (_what, o, others, state) => {
    expect(verify(o, others).state).toBe(state);
  });
});
