import { describe, expect, it } from '@jest/globals';
import { container, deployment, evidenceOf, node, object, pod, NS } from '../../test/support/kube-objects.js';
import type { KubeObject } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { diagnoseAll } from './index.js';

type Any = Record<string, any>;

const labelled = (name: string, labels: Any, more: Parameters<typeof node>[1] = {}): KubeObject => {
  const n = node(name, more);
  n.metadata.labels = labels;
  return n;
};

/** A Deployment whose one pod waits, seen with these nodes and whatever runs on them. */
function waiting(podSpec: Any, message: string, others: (KubeObject | KubeObject[])[], more: Any = {}): Finding[] {
  const { deployment: d, sets } = deployment('api', [{ podSpec }], { completed: true, replicas: 1 });
  return diagnoseAll(evidenceOf(d, [sets, pod(sets[0]!, { scheduled: { reason: 'Unschedulable', message }, ...more }), ...others]));
}

const asking = (requests: Any): Any => ({ containers: [container({ resources: { requests } })] });
const tainted = { spec: { taints: [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }] } };
const onNode = (name: string, podSpec: Any, more: Any = {}): KubeObject[] => {
  const { deployment: d, sets } = deployment(`of-${name}`, [{ podSpec }], { completed: true });
  return [d, ...sets, pod(sets[0]!, { ready: true, nodeName: name, spec: { ...podSpec, ...more } })];
};

describe('why no node takes a pod', () => {
  const gpu = { nodeSelector: { pool: 'gpu' } };

  it.each<[string, Any, string, KubeObject[], string, string, RegExp]>([
    ['its nodes are tainted', gpu, '1 node(s) had untolerated taint {dedicated: gpu}', [labelled('a', { pool: 'gpu' }, tainted), node('b')], 'untolerated_taint', 'pending.taint', /"key":"dedicated","operator":"Equal","value":"gpu","effect":"NoSchedule"/],
    ['no node has the label', gpu, "1 node(s) didn't match Pod's node affinity/selector", [node('b')], 'no_matching_node', 'pending.no_matching_node', /^kubectl label node NODE pool=gpu/],
    ['the label has one other value', gpu, "didn't match", [labelled('a', { pool: 'gpus' })], 'no_matching_node', 'pending.no_matching_node', /"nodeSelector":\{"pool":"gpus"\}/],
    ['it is larger than any node', asking({ cpu: '64' }), '0/1 nodes are available: 1 Insufficient cpu.', [node('a')], 'insufficient_capacity', 'capacity.too_large', /--requests=cpu=8 /],
    ['it needs more memory than is left', asking({ memory: '12Gi' }), '1 Insufficient memory.', [node('a'), ...onNode('a', asking({ memory: '10Gi' }))], 'insufficient_capacity', 'capacity.full', /--requests=memory=6144Mi /],
    ['its topology has no label', { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' }] }, "1 node(s) didn't match pod topology spread constraints (missing required label).", [node('a')], 'topology_spread', 'pending.spread_without_label', /"topologyKey":"rack","whenUnsatisfiable":"ScheduleAnyway"/],
    ['its host port is taken', { containers: [container({ ports: [{ containerPort: 80, hostPort: 80 }] })] }, "1 node(s) didn't have free ports for the requested pod ports.", [node('a'), ...onNode('a', { containers: [container({ ports: [{ containerPort: 80, hostPort: 80 }] })] })], 'host_port_conflict', 'pending.host_port', /\/ports\/0\/hostPort/],
    ['higher priority holds the room', asking({ cpu: '6' }), '1 Insufficient cpu.', [node('a'), ...onNode('a', asking({ cpu: '6' }), { priority: 1000, priorityClassName: 'urgent' })], 'outranked_pods', 'pending.outranked', /"priorityClassName":"urgent"/],
  ])('%s', (_what, podSpec, message, others, analyzer, cause, edit) => {
    const [first] = waiting(podSpec, message, others);
    expect(first).toMatchObject({ analyzer, cause, conclusion: 'needs_person', proposals: [] });
    expect(first?.edit).toMatch(edit);
  });

  it.each<[string, Any, string, KubeObject[], string]>([
    ['a taint that it tolerates', { ...gpu, tolerations: [{ key: 'dedicated', operator: 'Exists' }], ...asking({ cpu: '9' }) }, '1 Insufficient cpu.', [labelled('a', { pool: 'gpu' }, tainted)], 'capacity.too_large'],
    ['a taint that its state put there', gpu, 'had untolerated taint {node.kubernetes.io/disk-pressure: }', [labelled('a', { pool: 'gpu' }, { spec: { taints: [{ key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' }] } })], 'pending.unschedulable'],
    ['a cordon, whatever else is full', asking({ cpu: '9' }), '1 Insufficient cpu, 1 node(s) were unschedulable.', [node('a'), node('b', { spec: { unschedulable: true } })], 'pending.insufficient_resources'],
    ['room held by pods of its own rank', asking({ cpu: '6' }), '1 Insufficient cpu.', [node('a'), ...onNode('a', asking({ cpu: '6' }))], 'capacity.full'],
    ['nodes that were not read', gpu, "didn't match Pod's node affinity/selector", [], 'pending.unschedulable'],
    ['anti-affinity, which has a cure of its own', {}, "1 node(s) didn't match pod anti-affinity rules.", [node('a')], 'pending.anti_affinity'],
  ])('near miss: %s', (_what, podSpec, message, others, cause) => {
    const { cause: found } = waiting(podSpec, message, others)[0]!;
    expect(found === cause || (cause === 'pending.insufficient_resources' && found === 'node.cordon_foreign')).toBe(true);
  });

  it('affinity by expressions counts like a selector', () => {
    const terms = (operator: string, values: string[]) => ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'gen', operator, values }] }] } } } });
    const [none] = waiting(terms('Gt', ['4']), "didn't match", [labelled('a', { gen: '3' })]);
    expect(none).toMatchObject({ cause: 'pending.no_matching_node', summary: expect.stringContaining('gen Gt (4)') });
    expect(waiting(terms('Lt', ['4']), '1 Insufficient cpu.', [labelled('a', { gen: '3' })])[0]?.cause).toMatch(/^capacity\./);
  });

  it('a placement rule of the last rollout is taken back before a person is asked', () => {
    const { deployment: d, sets } = deployment('api', [{ available: 1 }, { podSpec: { nodeSelector: { pool: 'gpu' } } }]);
    const findings = diagnoseAll(evidenceOf(d, [sets, pod(sets[1]!, { scheduled: { reason: 'Unschedulable', message: "didn't match Pod's node affinity/selector" } }), node('a')]));
    expect(findings[0]).toMatchObject({ cause: 'bad_rollout.unschedulable', proposals: [{ action: 'rollback_deployment' }] });
    expect(findings.map((f) => f.cause)).toContain('pending.no_matching_node');
  });

  it('a volume of another zone', () => {
    const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }];
    const claim = object('v1', 'PersistentVolumeClaim', 'data', { spec: { volumeName: 'pv-1' }, status: { phase: 'Bound' } });
    const volume = object('v1', 'PersistentVolume', 'pv-1', { spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['z1'] }] }] } } } }, { namespace: undefined });
    const [first] = waiting({ volumes }, '1 node(s) had volume node affinity conflict.', [labelled('a', { zone: 'z2' }), claim, volume]);
    expect(first).toMatchObject({ analyzer: 'volume_node_conflict', cause: 'volume.other_zone', summary: expect.stringContaining(`persistentvolumeclaim ${NS}/data is on pv-1, which is only in zone in (z1)`) });
  });

  it('a workload that is scheduled has none of this', () => {
    const { deployment: d, sets } = deployment('api', [{ available: 1, podSpec: { nodeSelector: { pool: 'gpu' } } }], { completed: true, replicas: 1 });
    expect(diagnoseAll(evidenceOf(d, [sets, pod(sets[0]!, { ready: true }), node('a', tainted)]))).toMatchObject([{ cause: 'healthy' }]);
  });
});
