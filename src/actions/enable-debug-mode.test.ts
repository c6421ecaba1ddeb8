import { describe, expect, it } from '@jest/globals';
import { deploymentOf, edited, factsOf, podOf, replicaSetOf, threeNodes } from '../../test/support/objects.js';
import { memoryCluster } from '../../test/support/memory-cluster.js';
import { invertAll, type Change, type Edit } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { KubernautError } from '../domain/errors.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { DEBUG_ENV, isRefusedEnv } from './debug-env.js';
import type { ExecuteContext } from './define.js';
import { enableDebugMode } from './enable-debug-mode.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const IMAGE = `registry.example/debug@sha256:${'a'.repeat(64)}`;

const withEnv = (env: unknown[] | undefined, declared = 'api:LOG_LEVEL=debug') => {
  const o = deploymentOf('api', { annotations: { [DEBUG_ENV]: declared } });
  if (env) o.spec.template.spec.containers[0].env = env;
  return o;
};

function plan(o: KubeObject, params: object = { workload: 'api' }, more: Parameters<typeof factsOf>[1] & { others?: KubeObject[] } = {}) {
  const others = more.others ?? (o.kind === 'Deployment' ? [replicaSetOf(o, 1, { available: 2 })] : []);
  return enableDebugMode.plan(o, { namespace: 'shop', ttl: '30m', ...params }, factsOf([o, ...others, ...threeNodes()], more));
}

const editsOf = (changes: readonly Change[]): Edit[] => changes.flatMap((c) => (c.op === 'edit' ? c.edits : []));

describe('enable_debug_mode, the declared variable', () => {
  it.each<[string, unknown[] | undefined, string, unknown]>([
    ['an entry', [{ name: 'A', value: '1' }, { name: 'LOG_LEVEL', value: 'info' }], '1', { name: 'LOG_LEVEL', value: 'info' }],
    ['an entry from a ConfigMap', [{ name: 'LOG_LEVEL', valueFrom: { configMapKeyRef: { name: 'c', key: 'level' } } }], '0', { name: 'LOG_LEVEL', valueFrom: { configMapKeyRef: { name: 'c', key: 'level' } } }],
    ['the last of two entries', [{ name: 'LOG_LEVEL', value: 'warn' }, { name: 'LOG_LEVEL', value: 'info' }], '1', { name: 'LOG_LEVEL', value: 'info' }],
    ['no entry yet', [{ name: 'A', value: '1' }], '1', undefined],
    ['no environment at all', undefined, '0', undefined],
  ])('is set where there is %s, and what was there comes back', (_what, env, index, before) => {
    const object = withEnv(env);
    const { changes, expiresInS, undo } = plan(object);
    expect(changes).toEqual([
      {
        op: 'edit', ref: expect.objectContaining({ kind: 'Deployment', name: 'api' }), uid: 'uid-deployment-api',
        edits: [
          { path: ['spec', 'template', 'spec', 'containers', '0', 'name'], before: 'api', after: 'api' },
          { path: ['spec', 'template', 'spec', 'containers', '0', 'env', index], before, after: { name: 'LOG_LEVEL', value: 'debug' } },
        ],
      },
    ]);
    expect([expiresInS, undo]).toEqual([1800, undefined]);
    const after = structuredClone(object);
    after.spec.template.spec.containers[0].env ??= [];
    const debugging = edited(after, editsOf(changes));
    expect(stateOfEdits(debugging, editsOf(invertAll(changes)!))).toBe('before');
    expect(debugging.spec.template.spec.containers[0].env.filter((e: { name: string }) => e.name === 'A')).toEqual((env ?? []).filter((e) => (e as { name: string }).name === 'A'));
  });

  it('does nothing where the debug value stands', () => {
    expect(plan(withEnv([{ name: 'LOG_LEVEL', value: 'debug' }])).changes).toEqual([]);
  });

  it('is not put back over somebody who moved the entries', () => {
    const { changes } = plan(withEnv([{ name: 'A', value: '1' }]));
    const theirs = withEnv([{ name: 'NEW', value: '0' }, { name: 'A', value: '1' }, { name: 'LOG_LEVEL', value: 'debug' }]);
    expect(stateOfEdits(theirs, editsOf(invertAll(changes)!))).toBe('drifted');
  });

  it.each(['DEBUG', 'LOG_LEVEL', 'RUST_LOG', 'app_debug', 'NODE_DEBUG', 'LOGGING_LEVEL_ROOT', 'VERBOSE', 'RAILS_LOG_LEVEL', 'GIN_MODE', 'ZAP_LEVEL', 'OTEL_LOG_LEVEL'])('may be %s', (name) => {
    expect(isRefusedEnv(name)).toBe(false);
  });

  it('needs exactly one of workload and pod', () => {
    expect(() => plan(withEnv(undefined), { workload: 'api', pod: 'api-1' })).toThrow(code('InvalidParams'));
    expect(() => plan(withEnv(undefined), {})).toThrow(code('InvalidParams'));
  });

  it('is offered where it is declared and can roll', () => {
    const facts = factsOf([deploymentOf()]);
    expect(enableDebugMode.applies(withEnv(undefined), facts)).toBe(true);
    expect(enableDebugMode.applies(deploymentOf(), facts)).toMatch('declared no debug switch');
    expect(enableDebugMode.applies({ ...withEnv(undefined), spec: { strategy: { type: 'Recreate' } } }, facts)).toMatch('RollingUpdate');
  });

  it('worked when the value is there and rolled out', () => {
    const object = withEnv(undefined);
    const { changes, parameters = {} } = plan(object);
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api', uid: 'uid-deployment-api' };
    const state = (o: KubeObject) => enableDebugMode.verify(worldOf([o]), parameters as never, target, { changes }).state;
    expect(state(object)).toBe('waiting');
    const written = withEnv([{ name: 'LOG_LEVEL', value: 'debug' }]);
    expect(state(written)).toBe('reached');
    expect(state({ ...written, metadata: { ...written.metadata, generation: 2 } })).toBe('waiting');
  });

  it.each<[string, string | KubernautError, string]>([
    ['debug lines', 'level=debug msg=x', 'debug lines seen in the log of pod api-1'],
    ['other lines', 'hello', 'no debug line in the log of pod api-1 yet'],
    ['an error', new KubernautError('Forbidden', 'no'), 'the log of pod api-1 could not be read'],
  ])('tells of %s in the log of the newest pod', async (_what, log, told) => {
    const object = withEnv([{ name: 'LOG_LEVEL', value: 'debug' }]);
    const set = replicaSetOf(object, 1);
    const cluster = memoryCluster([object, set, podOf('api-0', { owner: set, createdAt: '2025-01-01T00:00:00Z' }), podOf('api-1', { owner: set })]);
    cluster.logs = () => (typeof log === 'string' ? Promise.resolve(log) : Promise.reject(log));
    const { changes } = plan(withEnv(undefined));
    await expect(enableDebugMode.observe!(changes, { cluster } as object as ExecuteContext, {} as never)).resolves.toBe(told);
  });
});

describe('enable_debug_mode, a debug container', () => {
  const runningPod = (o: Parameters<typeof podOf>[1] = {}) => {
    const pod = podOf('api-1', o);
    pod.status.containerStatuses[0].state = { running: {} };
    return pod;
  };
  const planned = (pod: KubeObject, more: Parameters<typeof plan>[2] = {}) => plan(pod, { pod: 'api-1' }, { limits: { debugImages: [IMAGE] }, ...more });

  it('is added with the strictest rights, under a name of its own, and stays', () => {
    const { changes, undo, expiresInS } = planned(runningPod());
    const written = edited(runningPod(), editsOf(changes));
    expect(changes).toMatchObject([{ op: 'edit', subresource: 'ephemeralcontainers', uid: 'uid-pod-api-1' }]);
    expect(written.spec.ephemeralContainers['0']).toEqual({
      name: expect.stringMatching(/^kb-[0-9a-f]{12}$/), image: IMAGE, targetContainerName: 'api', command: ['sleep', '1800'],
      securityContext: { runAsNonRoot: true, runAsUser: 65534, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(undo).toMatchObject({ kind: 'none', why: expect.stringContaining('until the pod goes') });
    expect(expiresInS).toBeUndefined();
  });

  it('runs as the user of its target, but never as root', () => {
    const asUser = (user: number) => runningPod({ pod: { securityContext: { runAsUser: user } } });
    const user = (pod: KubeObject) => editsOf(planned(pod).changes).find((e) => e.path.at(-1) === 'securityContext')?.after;
    expect(user(asUser(1000))).toMatchObject({ runAsUser: 1000 });
    expect(user(asUser(0))).toMatchObject({ runAsUser: 65534 });
  });

  it('is there already when the name is', () => {
    const { changes } = planned(runningPod());
    const name = editsOf(changes).find((e) => e.path.at(-1) === 'name')?.after;
    expect(planned(runningPod({ pod: { ephemeralContainers: [{ name }] } })).changes).toEqual([]);
  });

  it('never takes the place of one that a person added meanwhile', () => {
    const edits = editsOf(planned(runningPod()).changes);
    expect(stateOfEdits(runningPod({ pod: { ephemeralContainers: [{ name: 'debugger-x', image: 'busybox' }] } }), edits)).toBe('drifted');
  });

  it.each<[string, object, object | undefined, boolean]>([
    ['privileged', {}, undefined, true],
    ['baseline', {}, undefined, true],
    ['baseline', { volumes: [{ name: 'x', hostPath: { path: '/' } }] }, undefined, false],
    ['restricted', {}, undefined, false],
    ['a typo', {}, undefined, false],
    ['restricted', { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } }, { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }, true],
    ['restricted', { securityContext: { runAsNonRoot: true } }, { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }, false],
  ])('in a namespace that enforces %s, pod %j, container %j: allowed is %s', (level, spec, own, isAllowed) => {
    const pod = runningPod({ pod: spec });
    if (own) pod.spec.containers[0].securityContext = own;
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', uid: 'ns', labels: { 'pod-security.kubernetes.io/enforce': level } } };
    const attempt = () => planned(pod, { others: [namespace] });
    if (isAllowed) expect(attempt().changes).toHaveLength(1);
    else expect(attempt).toThrow(code('PolicyDenied'));
  });

  it.each<[object | undefined, string]>([
    [{ running: {} }, 'reached'],
    [{ terminated: { exitCode: 0 } }, 'reached'],
    [{ terminated: { exitCode: 127, reason: 'Error' } }, 'failed'],
    [{ waiting: { reason: 'ImagePullBackOff' } }, 'failed'],
    [{ waiting: { reason: 'CreateContainerConfigError' } }, 'failed'],
    [{ waiting: { reason: 'ContainerCreating' } }, 'waiting'],
    [undefined, 'waiting'],
  ])('in state %j has %s', (state, expected) => {
    const { changes } = planned(runningPod());
    const name = editsOf(changes).find((e) => e.path.at(-1) === 'name')?.after;
    const pod = runningPod({ status: { ephemeralContainerStatuses: state ? [{ name, state }] : [] } });
    const target = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'api-1', uid: 'uid-pod-api-1' };
    expect(enableDebugMode.verify(worldOf([pod]), {} as never, target, { changes }).state).toBe(expected);
    expect(enableDebugMode.verify(worldOf([]), {} as never, target, { changes }).state).toBe('failed');
  });
});
