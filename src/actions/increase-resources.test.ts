import { describe, expect, it } from '@jest/globals';
import { deploymentOf, edited, factsOf, nodeOf, podOf, problemOf, quotaOf, replicaSetOf, statefulSetOf, threeNodes } from '../../test/support/objects.js';
import { invert, type Change } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { increaseResources } from './increase-resources.js';
import { canonicalQuantity } from './resource-growth.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

interface Case {
  object?: KubeObject;
  params?: object;
  others?: KubeObject[];
  limits?: Record<string, unknown>;
  lastEnd?: string;
  alert?: string;
}

function plan({ object = deploymentOf(), params = { memory: '512Mi' }, others = threeNodes(), limits = {}, lastEnd = 'OOMKilled', alert }: Case = {}) {
  const set = replicaSetOf(object, 1, { available: 2 });
  const pod = podOf('api-1', { owner: object.kind === 'Deployment' ? set : object, lastEnd, resources: object.spec.template.spec.containers[0].resources });
  const facts = factsOf([object, ...(object.kind === 'Deployment' ? [set] : []), pod, ...others], { limits, problems: [problemOf(alert ? { alert } : {})] });
  const full = { namespace: 'shop', name: object.metadata.name, kind: object.kind, container: 'api', ...params };
  return increaseResources.plan(object, full as never, facts);
}

const editsOf = (change: Change | undefined) => (change?.op === 'edit' ? change.edits : []);

describe('increase_resources', () => {
  it('replaces the whole stanza and guards the container by name', () => {
    const object = deploymentOf();
    const { changes, summary } = plan({ object });
    expect(summary).toBe('raise memory 256Mi → 512Mi of container api in deployment shop/api');
    const after = edited(object, editsOf(changes[0]));
    expect(after.spec.template.spec.containers).toEqual([{ name: 'api', image: 'api:1', resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } } }]);
    const undone = edited(after, editsOf(invert(changes[0]!)));
    expect(undone).toEqual(object);
  });

  it('moves the request along when it equals the limit, so that the QoS class stays', () => {
    const resources = { requests: { cpu: '1', memory: '256Mi' }, limits: { cpu: '1', memory: '256Mi' } };
    const { changes } = plan({ object: deploymentOf('api', { resources }) });
    expect(editsOf(changes[0])[1]?.after).toEqual({ requests: { cpu: '1', memory: '512Mi' }, limits: { cpu: '1', memory: '512Mi' } });
  });

  it('raises the request where there is no limit', () => {
    const { changes } = plan({ object: deploymentOf('api', { resources: { requests: { memory: '256Mi' } } }) });
    expect(editsOf(changes[0])[1]?.after).toEqual({ requests: { memory: '512Mi' } });
  });

  it('raises a limit that a LimitRange put on the running pods', () => {
    const object = deploymentOf('api', { resources: {} });
    const set = replicaSetOf(object, 1);
    const pod = podOf('api-1', { owner: set, lastEnd: 'OOMKilled', resources: { limits: { memory: '256Mi' } } });
    const { changes } = increaseResources.plan(object, { namespace: 'shop', name: 'api', kind: 'Deployment', container: 'api', memory: '512Mi' }, factsOf([object, set, pod, ...threeNodes()]));
    expect(editsOf(changes[0])[1]).toMatchObject({ before: {}, after: { limits: { memory: '512Mi' } } });
  });

  it('refuses a limit below the request', () => {
    const object = deploymentOf('api', { resources: { requests: { memory: '512Mi' }, limits: { memory: '128Mi' } } });
    expect(() => plan({ object, params: { memory: '256Mi' } })).toThrow(code('InvalidParams'));
  });

  it('does nothing when the container has it already', () => {
    expect(plan({ params: { memory: '256Mi' } }).changes).toEqual([]);
  });

  it('finds an init container by name', () => {
    const object = deploymentOf('api', { pod: { initContainers: [{ name: 'migrate', image: 'm', resources: { limits: { memory: '64Mi' } } }] } });
    const pod = podOf('api-1', { owner: replicaSetOf(object, 1), status: { initContainerStatuses: [{ name: 'migrate', state: { terminated: { reason: 'OOMKilled' } } }] } });
    const { changes } = increaseResources.plan(
      object,
      { namespace: 'shop', name: 'api', kind: 'Deployment', container: 'migrate', memory: '128Mi' },
      factsOf([object, replicaSetOf(object, 1), pod, ...threeNodes()]),
    );
    expect(editsOf(changes[0])[1]?.path).toEqual(['spec', 'template', 'spec', 'initContainers', '0', 'resources']);
  });

  it.each<[string, Case, string]>([
    ['neither is given', { params: {} }, 'InvalidParams'],
    ['the container is unknown', { params: { container: 'web', memory: '512Mi' } }, 'InvalidParams'],
    ['it is a decrease', { params: { memory: '128Mi' } }, 'InvalidParams'],
    ['it is more than twice', { params: { memory: '513Mi' } }, 'InvalidParams'],
    ['it is over the policy', { limits: { maxMemory: '400Mi' } }, 'InvalidParams'],
    ['it is more than half of the largest node', { others: [nodeOf('worker-1', { allocatable: { memory: '1000Mi' } })] }, 'InvalidParams'],
    ['the container has no limit and no request', { object: deploymentOf('api', { resources: {} }) }, 'PreconditionChanged'],
    ['nothing was OOMKilled', { lastEnd: 'Error' }, 'PreconditionChanged'],
    ['the node was short of memory', { others: [nodeOf('worker-1', { conditions: [{ type: 'MemoryPressure', status: 'True' }] }), nodeOf('worker-2')] }, 'PreconditionChanged'],
    ['nothing is throttled', { object: deploymentOf('api', { resources: { limits: { cpu: '1' } } }), params: { cpu: '2' } }, 'PreconditionChanged'],
    ['a VPA acts on it', { others: [...threeNodes(), { ...quotaOf({}), kind: 'VerticalPodAutoscaler', spec: { targetRef: { kind: 'Deployment', name: 'api' } } }] }, 'PreconditionChanged'],
    ['its strategy is Recreate', { object: deploymentOf('api', { spec: { strategy: { type: 'Recreate' } } }) }, 'PreconditionChanged'],
    ['a StatefulSet rolls out on delete only', { object: statefulSetOf('api', { spec: { updateStrategy: { type: 'OnDelete' } } }) }, 'PreconditionChanged'],
    ['the quota is too small for all replicas', { others: [...threeNodes(), quotaOf({ 'limits.memory': '1Gi' }, { 'limits.memory': '512Mi' })] }, 'QuotaExceeded'],
    ['no node has room for the first new pod', { object: deploymentOf('api', { resources: { requests: { cpu: '1500m' }, limits: { cpu: '1500m' } } }), params: { cpu: '2' }, alert: 'CPUThrottlingHigh', others: [nodeOf('worker-1'), podOf('web-1', { resources: { requests: { cpu: '2500m' } } })] }, 'PreconditionChanged'],
  ])('refuses when %s', (_why, given, expected) => {
    expect(() => plan(given)).toThrow(code(expected));
  });

  it('refuses when the template was never rolled out', () => {
    const object = deploymentOf();
    const other = replicaSetOf(object, 1, { image: 'api:0' });
    const facts = factsOf([object, other, podOf('api-1', { owner: other, lastEnd: 'OOMKilled' }), ...threeNodes()]);
    expect(() => increaseResources.plan(object, { namespace: 'shop', name: 'api', kind: 'Deployment', container: 'api', memory: '512Mi' }, facts)).toThrow(code('PreconditionChanged'));
  });

  it('accepts more CPU when the alert is about throttling', () => {
    const object = deploymentOf('api', { resources: { limits: { cpu: '500m' } } });
    expect(plan({ object, params: { cpu: '1000m' }, alert: 'CPUThrottlingHigh' }).changes).toHaveLength(1);
  });

  it('does not take an old missed deadline for its own failure', () => {
    const stale = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', lastUpdateTime: 'then' };
    const object = deploymentOf('api', { status: { conditions: [stale], availableReplicas: 0 } });
    const planned = plan({ object });
    const after = edited(object, editsOf(planned.changes[0]));
    const verify = (o: KubeObject) => increaseResources.verify(worldOf([o]), planned.parameters as never, increaseResources.targetOf(planned.parameters as never), planned);
    expect(stateOfEdits(after, editsOf(planned.changes[0]))).toBe('after');
    expect(verify(object).state).toBe('waiting');
    expect(verify(after).state).toBe('waiting');
    expect(verify({ ...after, status: { ...after.status, conditions: [{ ...stale, lastUpdateTime: 'now' }] } }).state).toBe('failed');
    expect(verify({ ...after, status: { ...after.status, conditions: [], availableReplicas: 2 } }).state).toBe('reached');
  });

  it.each([
    ['1024Mi', '1Gi'], ['512Mi', '512Mi'], ['1000m', '1'], ['1500m', '1500m'], ['2000M', '2G'], ['1048576Ki', '1Gi'], ['2', '2'],
  ])('writes %s as the server will: %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });
});
