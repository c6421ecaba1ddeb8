import { describe, expect, it } from '@jest/globals';
import { edited, factsOf, nodeOf, NOW, problemOf, threeNodes } from '../../test/support/objects.js';
import { invert, type Change } from '../domain/change.js';
import type { Problem } from '../domain/evidence.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { cordonNode } from './cordon-node.js';
import { CORDONED_BY } from './node.js';
import { uncordonNode } from './uncordon-node.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const editsOf = (change: Change | undefined) => (change?.op === 'edit' ? change.edits : []);
const params = { node: 'worker-1' };
const leaving = (node: KubeObject): KubeObject => ({ ...node, metadata: { ...node.metadata, deletionTimestamp: NOW } });
const ours = { annotations: { [CORDONED_BY]: 'remediation/test/-/Node/worker-1' }, isCordoned: true };

describe('cordon_node', () => {
  const plan = (node: KubeObject, others: KubeObject[] = threeNodes().slice(1)) => cordonNode.plan(node, params, factsOf([node, ...others]));

  it('closes the node and says whose cordon it is; undoing gives the node back as it was', () => {
    const node = nodeOf('worker-1', { annotations: { a: 'b' } });
    const { changes, tier } = plan(node);
    const after = edited(node, editsOf(changes[0]));
    expect(after.spec).toEqual({ unschedulable: true });
    expect(after.metadata.annotations).toEqual({ a: 'b', [CORDONED_BY]: 'remediation/test/-/Node/worker-1' });
    expect(edited(after, editsOf(invert(changes[0]!)))).toEqual(node);
    expect(tier).toBe(1);
  });

  it("records that somebody else's cordon is not ours to undo", () => {
    expect(plan(nodeOf('worker-1', { isCordoned: true }))).toMatchObject({ changes: [], summary: 'node worker-1 is cordoned already (not ours)', undo: { kind: 'none' } });
  });

  it('asks a person before closing a control plane node', () => {
    const label = { labels: { 'node-role.kubernetes.io/control-plane': '' } };
    expect(plan(nodeOf('worker-1', label), ['cp-2', 'cp-3'].map((n) => nodeOf(n, label))).tier).toBe(3);
  });

  it.each<[string, KubeObject[]]>([
    ['only one node would stay', [nodeOf('worker-2')]],
    ['too many of the pool are closed', [nodeOf('worker-2'), nodeOf('worker-3'), nodeOf('worker-4', { isCordoned: true }), nodeOf('worker-5', { isReady: false })]],
    ['the others are of another pool', ['a', 'b', 'c'].map((n) => nodeOf(n, { labels: { 'karpenter.sh/nodepool': 'gpu' } }))],
  ])('refuses when %s', (_why, others) => {
    expect(() => plan(nodeOf('worker-1'), others)).toThrow(code('PreconditionChanged'));
  });

  it.each([
    ['waits for the field', nodeOf('worker-1'), 'waiting'],
    ['waits for the taint', nodeOf('worker-1', { spec: { unschedulable: true } }), 'waiting'],
    ['is reached with both', nodeOf('worker-1', { isCordoned: true }), 'reached'],
  ])('%s', (_what, node, state) => {
    expect(cordonNode.verify(worldOf([node]), params, cordonNode.targetOf(params), { changes: [] }).state).toBe(state);
  });
});

describe('uncordon_node', () => {
  const plan = (node: KubeObject, limits = {}, problems: Problem[] = []) => uncordonNode.plan(node, params, factsOf([node], { limits, problems }));

  it('opens the node and takes our mark away; undoing closes it again', () => {
    const node = nodeOf('worker-1', ours);
    const { changes } = plan(node);
    const after = edited(node, editsOf(changes[0]));
    expect(after.spec.unschedulable).toBeUndefined();
    expect(after.metadata.annotations).toEqual({});
    expect(edited(after, editsOf(invert(changes[0]!)))).toEqual(node);
  });

  it('does nothing on an open node', () => {
    expect(plan(nodeOf('worker-1')).changes).toEqual([]);
  });

  it.each<[string, KubeObject, object]>([
    ['somebody else cordoned it', nodeOf('worker-1', { isCordoned: true }), {}],
    ['it is not Ready', nodeOf('worker-1', { ...ours, isReady: false }), {}],
    ['it became Ready just now', nodeOf('worker-1', { ...ours, readySince: NOW }), {}],
    ['policy wants longer', nodeOf('worker-1', ours), { readyFor: '30d' }],
    ['it is under pressure', nodeOf('worker-1', { ...ours, conditions: [{ type: 'DiskPressure', status: 'True' }] }), {}],
    ['an autoscaler is removing it', nodeOf('worker-1', { ...ours, spec: { unschedulable: true, taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] } }), {}],
    ['it is being removed', leaving(nodeOf('worker-1', ours)), {}],
    ['kured reboots it', nodeOf('worker-1', { ...ours, annotations: { ...ours.annotations, 'weave.works/kured-reboot-in-progress': NOW } }), {}],
    ['its machine config is not done', nodeOf('worker-1', { ...ours, annotations: { ...ours.annotations, 'machineconfiguration.openshift.io/state': 'Working' } }), {}],
  ])('refuses when %s', (_why, node, limits) => {
    expect(() => plan(node, limits)).toThrow(code('PreconditionChanged'));
  });

  it.each([
    ['refuses while an alert about its health fires', problemOf({ alert: 'KubeNodeReadinessFlapping', labels: { node: 'worker-1' } }), false],
    ['does not care about another node', problemOf({ alert: 'KubeNodeNotReady', labels: { node: 'worker-2' } }), true],
    ['does not care about what is over', problemOf({ alert: 'KubeNodeNotReady', status: 'resolved', labels: { node: 'worker-1' } }), true],
    ['does not care about alerts of its pods', problemOf({ alert: 'KubePodNotReady', labels: { node: 'worker-1' } }), true],
  ])('%s', (_what, problem, isFit) => {
    const planning = () => plan(nodeOf('worker-1', ours), {}, [problem]);
    if (isFit) expect(planning().changes).toHaveLength(1);
    else expect(planning).toThrow(code('PreconditionChanged'));
  });
});
