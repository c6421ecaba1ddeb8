import { describe, expect, it } from '@jest/globals';
import { besideDumpable, dumpablePod } from '../../test/support/actions/create-heap-dump.js';
import { memoryCluster } from '../../test/support/memory-cluster.js';
import { factsOf, NOW } from '../../test/support/objects.js';
import { invertAll, type ExecChange } from '../domain/change.js';
import type { PastAction } from '../domain/evidence.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import type { ExecOptions, ExecResult } from '../domain/ports.js';
import { createHeapDump } from './create-heap-dump.js';
import type { ExecuteContext } from './define.js';
import { HEAP } from './heap-declaration.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const MIB = 1024 * 1024;

function plan(pod = dumpablePod(), limits: object = {}, more: { history?: PastAction[] } = {}) {
  return createHeapDump.plan(pod, { namespace: 'shop', pod: 'api-1' }, factsOf([pod, ...besideDumpable()], { limits: { enabled: true, ...limits }, ...more }));
}

const dumped = (minutesAgo: number, kind: string, name: string): PastAction => ({
  remediationId: 'r', action: 'create_heap_dump', target: { cluster: 'test', apiVersion: 'v1', kind, namespace: 'shop', name }, at: new Date(Date.parse(NOW) - minutesAgo * 60_000).toISOString(), wasUndone: false, wrote: [],
});

describe('create_heap_dump', () => {
  it('runs the fixed program of the runtime; only the name of the file is ours', () => {
    const { changes, parameters, expiresInS } = plan();
    const file = expect.stringMatching(/^\/dumps\/heap\/kb-[0-9a-f]{12}\.hprof$/) as unknown as string;
    expect(changes).toEqual([
      {
        op: 'exec', ref: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'api-1' }, uid: 'uid-pod-api-1', container: 'api',
        argv: ['jcmd', '1', 'GC.heap_dump', file], inverse: ['rm', '-f', '--', file], file, isThere: true, timeoutS: 600, diesWithPod: true,
      },
    ]);
    expect(parameters).toEqual({ namespace: 'shop', pod: 'api-1', container: 'api', restartCount: 0, roomBytes: Math.ceil(1.2 * 256 * MIB), headroomBytes: 64 * MIB });
    expect(expiresInS).toBe(86_400);
  });

  it('is undone by removing that file', () => {
    const { changes } = plan();
    const { file } = changes[0] as ExecChange;
    expect(invertAll(changes)).toMatchObject([{ op: 'exec', argv: ['rm', '-f', '--', file], isThere: false, file }]);
  });

  it('takes .NET, a claim, and what the owner says of the size', () => {
    const pod = dumpablePod();
    Object.assign(pod.metadata.annotations!, { [HEAP.runtime]: 'dotnet', [HEAP.max]: '100Mi' });
    pod.spec.volumes = [{ name: 'dumps', persistentVolumeClaim: { claimName: 'dumps' } }];
    const { changes, parameters } = plan(pod);
    expect(changes[0]).toMatchObject({ argv: ['dotnet-gcdump', 'collect', '-p', '1', '-o', expect.stringMatching(/\.gcdump$/)], diesWithPod: false });
    expect(parameters).toMatchObject({ roomBytes: 120 * MIB, headroomBytes: 256 * MIB });
  });

  it('keeps the file for as long as the policy says, at most a week', () => {
    expect(plan(undefined, { ttl: '2h' }).expiresInS).toBe(7200);
    expect(plan(undefined, { ttl: '90d' }).expiresInS).toBe(7 * 86_400);
  });

  it('is off by default', () => {
    expect(() => createHeapDump.plan(dumpablePod(), { namespace: 'shop', pod: 'api-1' }, factsOf([dumpablePod(), ...besideDumpable()]))).toThrow(code('PolicyDenied'));
    expect(createHeapDump.applies(dumpablePod(), factsOf([dumpablePod()]))).toMatch('off by default');
    expect(createHeapDump.applies(dumpablePod(), factsOf([dumpablePod()], { limits: { enabled: true } }))).toBe(true);
  });

  it.each<[string, PastAction, boolean]>([
    ['this pod, a minute ago', dumped(1, 'Pod', 'api-1'), true],
    ['a sibling, half an hour ago', dumped(30, 'Pod', 'api-2'), true],
    ['its Deployment, 59 minutes ago', dumped(59, 'Deployment', 'api'), true],
    ['this pod, an hour ago', dumped(60, 'Pod', 'api-1'), false],
    ['a stranger', dumped(1, 'Pod', 'web-1'), false],
    ['this pod, by another action', { ...dumped(1, 'Pod', 'api-1'), action: 'restart_pod' }, false],
  ])('after a dump of %s: refused is %s', (_what, past, isRefused) => {
    const attempt = () => plan(undefined, {}, { history: [past] });
    if (isRefused) expect(attempt).toThrow(code('PolicyDenied'));
    else expect(attempt().changes).toHaveLength(1);
  });

  it.each<[object | undefined, string | undefined, boolean]>([
    [undefined, undefined, true],
    [{ periodSeconds: 10, failureThreshold: 4 }, undefined, true],
    [{}, undefined, false],
    [{ periodSeconds: 10, failureThreshold: 4 }, '1m', false],
    [{}, '20s', true],
  ])('with the liveness probe %j and an expected pause of %s: allowed is %s', (livenessProbe, expectedPause, isAllowed) => {
    const pod = dumpablePod();
    pod.spec.containers[0].livenessProbe = livenessProbe;
    const attempt = () => plan(pod, expectedPause ? { expectedPause } : {});
    if (isAllowed) expect(attempt().changes).toHaveLength(1);
    else expect(attempt).toThrow(code('PreconditionChanged'));
  });

  it('never acts in a protected namespace', () => {
    const move = (o: KubeObject): KubeObject => ({ ...o, metadata: { ...o.metadata, namespace: 'kube-system' } });
    const pod = move(dumpablePod());
    const facts = factsOf([pod, ...besideDumpable().map(move)], { limits: { enabled: true } });
    expect(() => createHeapDump.plan(pod, { namespace: 'kube-system', pod: 'api-1' }, facts)).toThrow(code('PolicyDenied'));
  });

  it.each<[string, (pod: KubeObject) => KubeObject[], string]>([
    ['was not restarted', (pod) => [pod], 'reached'],
    ['was restarted', (pod) => [{ ...pod, status: { ...pod.status, containerStatuses: [{ name: 'api', restartCount: 1 }] } }], 'failed'],
    ['is gone', () => [], 'failed'],
  ])('whose container %s has %s', (_what, world, expected) => {
    const { changes, parameters } = plan();
    const target = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'api-1', uid: 'uid-pod-api-1' };
    expect(createHeapDump.verify(worldOf(world(dumpablePod())), parameters as never, target, { changes }).state).toBe(expected);
  });
});

describe('create_heap_dump, in the container', () => {
  const GROUP = { max: 256 * MIB, current: 128 * MIB, inactive: 0 };
  const ok = (stdout: string): ExecResult => ({ exitCode: 0, stdout, stderr: '' });
  const no = (exitCode: number): ExecResult => ({ exitCode, stdout: '', stderr: 'no' });
  const df = (freeKib: number) => ok(`Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 ${freeKib * 2} ${freeKib} ${freeKib} 50% /dumps\n`);
  const memory = (g: Partial<Record<keyof typeof GROUP, number | string>> = {}) => {
    const { max, current, inactive } = { ...GROUP, ...g };
    return ok(`${max}\n${current}\nanon 1\ninactive_file ${inactive}\nactive_file 0\n`);
  };

  /** What the programs of a healthy container answer; the file is there once it was dumped. */
  function staged(answers: Partial<Record<string, ExecResult>> = {}, restartCount = 0) {
    const { changes, parameters } = plan();
    const pod = dumpablePod();
    pod.status.containerStatuses[0].restartCount = restartCount;
    const cluster = memoryCluster([pod]);
    const asked: string[] = [];
    const { file } = changes[0] as ExecChange;
    cluster.onExec = ({ argv }: ExecOptions) => {
      asked.push(argv[0]!);
      const healthy: Record<string, ExecResult> = {
        stat: cluster.files.has(file) ? ok('67108864\n') : no(1), df: df(1024 * 1024), cat: memory(), sha256sum: ok(`${'c'.repeat(64)}  ${file}\n`),
      };
      return answers[argv[0]!] ?? healthy[argv[0]!] ?? no(127);
    };
    const context = { cluster, actionId: 'a', signal: new AbortController().signal, isDryRun: false } as object as ExecuteContext;
    return { cluster, asked, file, run: () => createHeapDump.execute!(changes, context, parameters as never), observe: () => createHeapDump.observe!(changes, context, parameters as never) };
  }

  it('looks at disk and memory, dumps once, and records size and checksum', async () => {
    const { cluster, asked, file, run, observe } = staged();
    await run();
    await run();
    expect(asked).toEqual(['stat', 'df', 'cat', 'stat']);
    expect(cluster.files).toEqual(new Set([file]));
    await expect(observe()).resolves.toBe(`${file}: 67108864 bytes, sha256 ${'c'.repeat(64)}`);
  });

  it.each<[string, Partial<Record<string, ExecResult>>, string]>([
    ['the disk is too full', { df: df(307 * 1024) }, 'PreconditionChanged'],
    ['the disk cannot be read', { df: no(1) }, 'PreconditionChanged'],
    ['df says something else', { df: ok('') }, 'PreconditionChanged'],
    ['memory is short', { cat: memory({ current: 200 * MIB }) }, 'PreconditionChanged'],
    ['memory cannot be read', { cat: no(1) }, 'PreconditionChanged'],
    ['there is no stat', { stat: no(127) }, 'Unsupported'],
  ])('refuses before any dump when %s', async (_what, answers, expected) => {
    const { cluster, run } = staged(answers);
    await expect(run()).rejects.toEqual(code(expected));
    expect(cluster.asked).toEqual([]);
  });

  it('refuses when the container was restarted since the plan', async () => {
    await expect(staged({}, 1).run()).rejects.toEqual(code('PreconditionChanged'));
  });

  it.each<[string, ExecResult]>([
    ['there is just enough of both', memory({ current: 192 * MIB })],
    ['the rest is file cache', memory({ current: 250 * MIB, inactive: 100 * MIB })],
    ['there is no limit', memory({ max: 'max', current: 9e12 })],
  ])('dumps when %s', async (_what, cat) => {
    const { cluster, run } = staged({ cat, df: df(308 * 1024) });
    await run();
    expect(cluster.files.size).toBe(1);
  });

  it.each<[string, Partial<Record<string, ExecResult>>]>([
    ['it cannot be read', { sha256sum: no(1) }],
    ['there is no sha256sum', { sha256sum: no(127) }],
    ['it is empty', { stat: ok('0\n') }],
    ['the sum is none', { sha256sum: ok('oops') }],
  ])('does not call a file good when %s', async (_what, answers) => {
    await expect(staged(answers).observe()).rejects.toEqual(code('ConvergeFailed'));
  });
});
