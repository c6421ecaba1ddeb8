import { describe, expect, it } from '@jest/globals';
import { createPlanStep } from '../activities/plan-step.js';
import { daemonSetOf, edited, evidenceOf, factsOf, nodeOf, NOW, problemOf, threeNodes } from '../../test/support/objects.js';
import { refOf, worldOf, type KubeObject } from '../domain/kube.js';
import { DEFAULT_POLICY, policyFor } from '../domain/policy.js';
import { protectedTargets } from '../domain/safety/checks/protected.js';
import { registryOf } from '../domain/registry.js';
import type { Action } from './index.js';
import { restartDaemonset } from './restart-daemonset.js';

const refusal = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) });
const PARAMS = { namespace: 'shop', name: 'agent' };
const plan = (object: KubeObject, others: KubeObject[] = threeNodes()) => restartDaemonset.plan(object, PARAMS, factsOf([object, ...others]));
const nodes = (count: number, broken: number, taints: { key: string; effect: string }[] = []) =>
  Array.from({ length: count }, (_, n) => nodeOf(`n${n}`, n < broken ? { isReady: false, spec: { taints } } : {}));
const AWAY = [{ key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }];
const withPod = (pod: object, o: object = {}) => daemonSetOf('agent', { pod, ...o });
const EVERYWHERE = { tolerations: [{ operator: 'Exists' }] };

describe('restart_daemonset', () => {
  it("writes the plan's time into the template, as kubectl does, and nothing else", () => {
    const object = daemonSetOf('agent');
    object.spec.template.metadata.annotations = { team: 'logs' };
    expect(plan(object)).toMatchObject({
      changes: [{ op: 'edit', uid: 'uid-daemonset-agent', edits: [{ path: ['spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'], before: undefined, after: '2026-03-01T12:00:00Z' }] }],
      summary: 'restart daemonset shop/agent one pod after the other',
    });
  });

  it('plans nothing when the same plan is already written', () => {
    const object = daemonSetOf('agent');
    const [change] = plan(object).changes;
    expect(plan(edited(object, change!.op === 'edit' ? change!.edits : [])).changes).toEqual([]);
  });

  it('gives many nodes more time, and groups of them less', () => {
    const big = (rollingUpdate: object) => daemonSetOf('agent', { status: { desiredNumberScheduled: 40 }, spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate } } });
    expect(plan(daemonSetOf('agent')).timeoutS).toBe(300);
    expect(plan(big({ maxUnavailable: 1 })).timeoutS).toBe(1260);
    expect(plan(big({ maxUnavailable: '10%' })).timeoutS).toBe(360);
    expect(plan(big({ maxUnavailable: 0, maxSurge: 4 })).timeoutS).toBe(360);
  });

  it.each<[string, KubeObject, KubeObject[], RegExp]>([
    ['pods are replaced when deleted only', daemonSetOf('agent', { spec: { updateStrategy: { type: 'OnDelete' } } }), threeNodes(), /OnDelete/],
    ['more than a tenth of its nodes is not Ready', daemonSetOf('agent'), nodes(10, 2), /2 of 10 nodes are not Ready \(n0, n1\)/],
    ['broken nodes are tainted as well', daemonSetOf('agent'), nodes(10, 2, AWAY), /2 of 10 nodes/],
    ['it is a known CNI agent', daemonSetOf('cilium', { namespace: 'kube-system' }), threeNodes(), /use restart_network/],
    ['it is kube-proxy', daemonSetOf('kube-proxy', { namespace: 'kube-system' }), threeNodes(), /use restart_network/],
    ['it writes CNI plugins', withPod({ volumes: [{ name: 'v', hostPath: { path: '/opt/cni/bin' } }] }), threeNodes(), /lose network/],
    ['it is a CSI node plugin', withPod({ volumes: [{ name: 'v', hostPath: { path: '/var/lib/kubelet/plugins/ebs.csi.aws.com' } }] }), threeNodes(), /lose storage/],
    ['it is a device plugin', withPod({ volumes: [{ name: 'v', hostPath: { path: '/var/lib/kubelet/device-plugins' } }] }), threeNodes(), /lose the container runtime/],
    ['it configures the container runtime', withPod({ volumes: [{ name: 'v', hostPath: { path: '/etc/containerd' } }] }), threeNodes(), /lose the container runtime/],
    ['it is node critical', withPod({ priorityClassName: 'system-node-critical' }), threeNodes(), /system-node-critical/],
    ['its spec was not observed', daemonSetOf('agent', { status: { observedGeneration: 0 } }), threeNodes(), /not rolled out yet/],
  ])('refuses when %s', (_why, object, others, message) => {
    expect(() => plan(object, others)).toThrow(refusal('PreconditionChanged', message));
  });

  it('takes an agent that reads logs of the host', () => {
    expect(plan(withPod({ volumes: [{ name: 'v', hostPath: { path: '/var/log/pods' } }, { name: 'c', hostPath: { path: '/etc/cnibus' } }] })).changes).toHaveLength(1);
  });

  it('counts only its own nodes as broken', () => {
    const elsewhere = nodes(10, 5).map((n, i) => ({ ...n, metadata: { ...n.metadata, labels: { disk: i < 5 ? 'hdd' : 'ssd' } } }));
    expect(plan(withPod({ nodeSelector: { disk: 'ssd' } }), elsewhere).changes).toHaveLength(1);
  });

  it('is refused in a protected namespace, where no row of its own names it', () => {
    const object = daemonSetOf('agent', { namespace: 'monitoring' });
    const evidence = evidenceOf([object, ...threeNodes()]);
    const proposal = { action: 'restart_daemonset', target: { ...refOf(object), uid: object.metadata.uid! }, parameters: { namespace: 'monitoring', name: 'agent' }, confidence: 1, reason: 'x', source: 'rules' as const, by: 'test' };
    const step = createPlanStep({ actions: registryOf<Action>('action', [restartDaemonset as never]) })({ proposal, evidence, policy: DEFAULT_POLICY, ordinal: 0, actionId: 'a', now: NOW });
    const found = protectedTargets({
      now: NOW, target: evidence.target, step, world: worldOf(evidence.objects), problems: [problemOf()], history: [], policy: DEFAULT_POLICY,
      scope: policyFor(DEFAULT_POLICY, { namespace: 'monitoring', severity: 'critical', action: step.action }), groundedUids: new Set(), source: 'rules', confidence: 1,
    });
    expect(found).toMatchObject([{ reason: 'protected_namespace', severity: 'deny' }]);
  });
});

describe('restart_daemonset, its success', () => {
  const before = daemonSetOf('agent', { pod: EVERYWHERE, status: { desiredNumberScheduled: 20, updatedNumberScheduled: 20, numberAvailable: 20 } });
  const { changes } = plan(before, nodes(20, 0));
  const after = (status: object, from = before): KubeObject => edited({ ...from, status: { observedGeneration: 1, desiredNumberScheduled: 20, updatedNumberScheduled: 20, numberAvailable: 20, ...status } }, changes[0]!.op === 'edit' ? changes[0]!.edits : []);
  const verify = (object: KubeObject | undefined, others = nodes(20, 0)) => restartDaemonset.verify(worldOf([...(object ? [object] : []), ...others]), PARAMS, restartDaemonset.targetOf(PARAMS), { changes });

  const shy = daemonSetOf('agent');
  it.each<[string, KubeObject | undefined, KubeObject[], string]>([
    ['waits until the time is seen', before, nodes(20, 0), 'waiting'],
    ['waits until the controller has looked', after({ observedGeneration: 0 }), nodes(20, 0), 'waiting'],
    ['waits while pods are of the old template', after({ updatedNumberScheduled: 19 }), nodes(20, 0), 'waiting'],
    ['waits while pods are not available', after({ numberAvailable: 19 }), nodes(20, 0), 'waiting'],
    ['is reached when all are updated and available', after({}), nodes(20, 0), 'reached'],
    ['does not wait for a node that is not Ready', after({ updatedNumberScheduled: 19, numberAvailable: 19 }), nodes(20, 1, AWAY), 'reached'],
    ['waits for the other nodes all the same', after({ updatedNumberScheduled: 19, numberAvailable: 18 }), nodes(20, 1, AWAY), 'waiting'],
    ['does not subtract a node that the controller does not count', after({ desiredNumberScheduled: 19, updatedNumberScheduled: 18, numberAvailable: 18 }, shy), nodes(20, 1, AWAY), 'waiting'],
    ['fails when it is gone', undefined, [], 'failed'],
  ])('%s', (_what, object, others, state) => {
    expect(verify(object, others).state).toBe(state);
  });
});
