import { describe, expect, it } from '@jest/globals';
import { daemonSetOf, deploymentOf, edited, factsOf, NOW, nodeOf, pdbOf, podOf, replicaSetOf, statefulSetOf, threeNodes } from '../../test/support/objects.js';
import { denyAll } from '../../test/support/actions/update-network-policy.js';
import { serviceOf } from '../../test/support/actions/quarantine-pod.js';
import type { Change } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { shortHash } from '../domain/target.js';
import { ACTION_ID } from '../../test/support/objects.js';
import { quarantinePod } from './quarantine-pod.js';

const hash = shortHash(ACTION_ID);
const labels = { app: 'api', 'pod-template-hash': 'hash1', team: 'shop', role: 'web', pdb: 'yes' };
const deployment = deploymentOf();
const set = replicaSetOf(deployment, 1, { available: 2, replicas: 2, spec: { selector: { matchLabels: { app: 'api', 'pod-template-hash': 'hash1' } } } });
const owned = (name: string, o: Parameters<typeof podOf>[1] = {}) => podOf(name, { owner: set, labels, status: { podIP: '10.0.0.7', conditions: [{ type: 'Ready', status: 'True' }] }, ...o });
const policy = (name: string, spec: object): KubeObject => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'shop' }, spec });
const byRole = policy('web', { podSelector: { matchExpressions: [{ key: 'role', operator: 'In', values: ['web'] }] }, policyTypes: ['Ingress'], ingress: [{}] });
const budget = pdbOf('api', { spec: { selector: { matchLabels: { pdb: 'yes' } } } });

const params = { namespace: 'shop', pod: 'api-1' };
const plan = (pod = owned('api-1'), others: KubeObject[] = [owned('api-2')], more: Parameters<typeof factsOf>[1] = {}) =>
  quarantinePod.plan(pod, params, factsOf([pod, deployment, set, ...others, ...threeNodes()], more));
const editsOf = (changes: readonly Change[]) => changes.flatMap((c) => (c.op === 'edit' ? c.edits : []));

describe('quarantine_pod', () => {
  it('denies all traffic first, then takes off every label by which something finds the pod, and no other', () => {
    const pod = owned('api-1');
    const { changes, expiresInS } = plan(pod, [owned('api-2'), serviceOf('shop', 'api', 80), byRole, budget]);
    expect(changes[0]).toMatchObject({
      op: 'create',
      object: {
        kind: 'NetworkPolicy',
        metadata: { name: `kb-${hash}-quarantine`, namespace: 'shop', ownerReferences: [{ kind: 'Pod', uid: 'uid-pod-api-1' }] },
        spec: { podSelector: { matchLabels: { 'kubernaut.io/quarantine': hash } }, policyTypes: ['Ingress', 'Egress'] },
      },
    });
    const after = edited(pod, editsOf(changes));
    expect(after.metadata.labels).toEqual({ team: 'shop', 'kubernaut.io/quarantine': hash });
    expect(after.metadata.annotations).toEqual({
      'kubernaut.io/quarantine-removed-labels': JSON.stringify({ app: 'api', pdb: 'yes', 'pod-template-hash': 'hash1', role: 'web' }),
      'kubernaut.io/quarantined-from': 'Deployment/api',
      'kubernaut.io/quarantined-at': NOW,
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
    });
    expect(after.spec).toEqual(pod.spec);
    expect(expiresInS).toBe(86_400);
  });

  it('is undone by deleting the pod while it is as we left it, then our policy', () => {
    const { undo, changes } = plan();
    expect(undo).toMatchObject({ kind: 'partial', changes: [{ op: 'delete', uid: 'uid-pod-api-1', edited: editsOf(changes) }, { op: 'withdraw', object: { metadata: { name: `kb-${hash}-quarantine` } } }] });
  });

  it('writes the same again: a repeat finds it done', () => {
    const pod = owned('api-1');
    const { changes } = plan(pod);
    expect(stateOfEdits(edited(pod, editsOf(changes)), editsOf(changes))).toBe('after');
  });

  it('ends by itself when the policy says so', () => {
    expect(plan(undefined, undefined, { limits: { ttl: '2h' } }).expiresInS).toBe(7200);
  });

  it.each<[string, KubeObject[], object, string]>([
    ['says that isolation is not guaranteed where nobody knows the network', [], {}, 'detached, isolation not guaranteed; whether the network enforces policies is not configured'],
    ['says isolated where it is known to enforce', [], { enforcesNetworkPolicy: true }, 'detached and isolated'],
    ['names policies that open every pod', [policy('dns', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] })], { enforcesNetworkPolicy: true }, 'isolation not guaranteed; NetworkPolicy dns selects every pod'],
    ['is not troubled by one that denies every pod', [denyAll('shop')], { enforcesNetworkPolicy: true }, 'detached and isolated'],
  ])('%s', (_what, others, limits, told) => {
    expect(plan(undefined, [owned('api-2'), ...others], { limits: { ...limits } }).summary).toContain(told);
  });

  it.each<[string, KubeObject, string | true]>([
    ['a pod of a ReplicaSet', owned('api-1'), true],
    ['a StatefulSet member', podOf('db-0', { owner: statefulSetOf() }), 'name and disk'],
    ['a DaemonSet pod', podOf('agent-1', { owner: daemonSetOf() }), 'DaemonSet'],
    ['a bare pod', podOf('bare'), 'no controller'],
    ['one that is held already', podOf('held', { labels: { 'kubernaut.io/quarantine': 'x' } }), 'already'],
  ])('says whether it applies to %s', (_what, pod, expected) => {
    const verdict = quarantinePod.applies(pod, factsOf([pod]));
    if (expected === true) expect(verdict).toBe(true);
    else expect(verdict).toContain(expected);
  });

  it.each<[string, KubeObject, KubeObject[], string]>([
    ['it is the last Ready one', owned('api-1'), [owned('api-2', { status: { conditions: [] } })], 'PreconditionChanged'],
    ['its controller was not read', podOf('api-1', { owner: replicaSetOf(deployment, 9) }), [owned('api-2')], 'PreconditionChanged'],
    ['nobody has room', owned('api-1', { resources: { requests: { memory: '7Gi' } } }), [owned('api-2')], 'PreconditionChanged'],
  ])('refuses when %s', (why, pod, others, code) => {
    const big = why === 'nobody has room' ? { ...set, spec: { ...set.spec, template: { spec: { containers: [{ name: 'a', resources: { requests: { memory: '70Gi' } } }] } } } } : set;
    expect(() => quarantinePod.plan(pod, params, factsOf([pod, deployment, big, ...others, nodeOf()]))).toThrow(expect.objectContaining({ code }));
  });

  const planned = plan();
  const create = planned.changes[0] as Extract<Change, { op: 'create' }>;
  const held: KubeObject = { ...edited(owned('api-1'), editsOf(planned.changes)) };
  const released: KubeObject = { ...held, metadata: { ...held.metadata, ownerReferences: [] } };
  const slice: KubeObject = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'api-x', namespace: 'shop' }, endpoints: [{ addresses: ['10.0.0.7'] }] };
  it.each<[string, KubeObject[], string]>([
    ['fails when the pod is gone', [], 'failed'],
    ['waits for the labels', [owned('api-1'), create.object], 'waiting'],
    ['waits for the policy', [released, owned('api-2'), owned('api-3')], 'waiting'],
    ['waits for the controller to let go', [held, create.object, owned('api-2'), owned('api-3')], 'waiting'],
    ['waits for Services to drop it', [released, create.object, slice, owned('api-2'), owned('api-3')], 'waiting'],
    ['waits for the replacement', [released, create.object, owned('api-2')], 'waiting'],
    ['is reached when it is cut off and replaced', [released, create.object, owned('api-2'), owned('api-3')], 'reached'],
  ])('%s', (_what, objects, state) => {
    const target = { ...quarantinePod.targetOf(params), uid: 'uid-pod-api-1' };
    expect(quarantinePod.verify(worldOf([deployment, set, ...objects]), planned.parameters as never, target, planned).state).toBe(state);
  });
});
