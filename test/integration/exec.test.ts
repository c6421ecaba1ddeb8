import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { invert, type ExecChange } from '../../src/domain/change.js';
import { podsOf, refOf, type KubeObject } from '../../src/domain/kube.js';
import { shortHash } from '../../src/domain/target.js';
import { isAvailable, openStage, type Stage } from '../support/actions/stage.js';

let stage: Stage;
let ns: string;
let pods: KubeObject[];

beforeAll(async () => {
  // as an administrator: what the executor may run is bounded elsewhere, here any program will do
  stage = await openStage({ kubeconfig: (plane) => plane.kubeconfig });
  ns = await stage.namespace();
  await stage.images(ns, `  - { image: "${ns}/api:1", exec: { missing: [jcmd] } }\n  - { image: "${ns}/slow:1", exec: { takes: 2s } }\n`);
  await stage.deploy(ns);
  await stage.deploy(ns, { name: 'slow', replicas: 1 });
  const owner = await stage.seen(isAvailable(ns, 2));
  await stage.seen(isAvailable(ns, 1, 'slow'));
  pods = podsOf(stage.cluster.world(), owner);
}, 600_000);

afterAll(() => stage?.stop(), 60_000);

const rejection = (code: string) => expect.objectContaining({ code });
const targetOf = (pod: KubeObject) => ({ namespace: ns, name: pod.metadata.name, uid: pod.metadata.uid! });
const slowPod = () => podsOf(stage.cluster.world(), stage.cluster.world().get('Deployment', ns, 'slow')!)[0]!;
const exec = (argv: string[], pod = pods[0]!, more: Partial<Parameters<Stage['cluster']['exec']>[1]> = {}) =>
  stage.cluster.exec(targetOf(pod), { container: pod.spec.containers[0].name, argv, timeoutMs: 10_000, actionId: 'remediation/test/x/exec/0', ...more });

const dumpIn = (pod: KubeObject, file: string, more: Partial<ExecChange> = {}): ExecChange => ({
  op: 'exec', ref: refOf(pod), uid: pod.metadata.uid!, container: pod.spec.containers[0].name,
  argv: ['dotnet-gcdump', 'collect', '-p', '1', '-o', file], inverse: ['rm', '-f', '--', file], file, isThere: true, timeoutS: 20, diesWithPod: true, ...more,
});

describe('a program in a container, through a real API server', () => {
  it('tells how it ended and what it said', async () => {
    await expect(exec(['df', '-P', '-k', '/'])).resolves.toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^Filesystem[^\n]*\n\S+ \d+ \d+ \d+ \d+% \/\n$/), stderr: '' });
    await expect(exec(['stat', '-c', '%s', '/nothing'])).resolves.toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('No such file') });
  });

  it('is 127 when the container lacks it', async () => {
    await expect(exec(['jcmd', '1', 'GC.heap_dump', '/x'])).resolves.toMatchObject({ exitCode: 127, stderr: expect.stringContaining('executable file not found') });
  });

  it('is marked as ours in the audit log, with the action', async () => {
    const actionId = stage.newActionId();
    await exec(['stat', '-c', '%s', '/nothing'], pods[0], { actionId });
    await sleep(300);
    const lines = readFileSync(stage.plane.auditLog, 'utf8').split('\n').filter((l) => l.includes(shortHash(actionId)));
    expect(lines.map((l) => JSON.parse(l) as object)).toEqual([expect.objectContaining({ verb: 'get', userAgent: expect.stringMatching(/^kubernaut\/9\.9\.9 action=/), objectRef: expect.objectContaining({ resource: 'pods', subresource: 'exec' }) })]);
  });

  it('is never run in a namesake of the pod', async () => {
    await expect(stage.cluster.exec({ ...targetOf(pods[0]!), uid: 'another' }, { container: 'api', argv: ['rm', '/x'], timeoutMs: 5000, actionId: 'a' })).rejects.toEqual(rejection('TargetReplaced'));
    await expect(stage.cluster.exec({ namespace: ns, name: 'nobody', uid: 'u' }, { container: 'api', argv: ['rm', '/x'], timeoutMs: 5000, actionId: 'a' })).rejects.toEqual(rejection('TargetNotFound'));
  });

  it('says why it is refused', async () => {
    await expect(exec(['df'], pods[0], { container: 'nobody' })).rejects.toMatchObject({ message: expect.stringContaining('nobody') });
  });

  it('does not know what came of a command that did not end in time', async () => {
    await expect(exec(['dotnet-gcdump', 'collect', '-o', '/late'], slowPod(), { timeoutMs: 500 })).rejects.toEqual(rejection('OutcomeUnknown'));
  });
});

describe('a file made by a program', () => {
  it('is made once, and the inverse removes it once', async () => {
    const actionId = stage.newActionId();
    const make = dumpIn(pods[1]!, '/dumps/a');
    const asked: number[] = [];
    const options = { actionId, beforeWrite: () => Promise.resolve(void asked.push(1)) };
    await expect(stage.cluster.apply(make, { actionId, isDryRun: true })).resolves.toMatchObject({ status: 'dry_run' });
    expect((await exec(['stat', '-c', '%s', '/dumps/a'], pods[1])).exitCode).toBe(1);
    await expect(stage.cluster.apply(make, options)).resolves.toMatchObject({ status: 'applied' });
    await expect(stage.cluster.apply(make, options)).resolves.toMatchObject({ status: 'already_applied' });
    expect(asked).toHaveLength(1);
    const remove = invert(make)!;
    await expect(stage.cluster.apply(remove, { actionId, isUndo: true })).resolves.toMatchObject({ status: 'applied' });
    await expect(stage.cluster.apply(remove, { actionId, isUndo: true })).resolves.toMatchObject({ status: 'already_applied' });
    expect(invert(remove)).toEqual(make);
  }, 60_000);

  it('that an earlier attempt still writes is waited for, not begun again', async () => {
    const pod = slowPod();
    await expect(exec(['dotnet-gcdump', 'collect', '-o', '/dumps/b'], pod, { timeoutMs: 300 })).rejects.toEqual(rejection('OutcomeUnknown'));
    await expect(stage.cluster.apply(dumpIn(pod, '/dumps/b'), { actionId: stage.newActionId() })).resolves.toMatchObject({ status: 'already_applied' });
  }, 60_000);

  it('needs a program that is there and a container that runs', async () => {
    const actionId = stage.newActionId();
    await expect(stage.cluster.apply(dumpIn(pods[0]!, '/dumps/c', { argv: ['jcmd', '1', 'GC.heap_dump', '/dumps/c'] }), { actionId })).rejects.toEqual(rejection('Unsupported'));
    await expect(stage.cluster.apply(dumpIn(pods[0]!, '/dumps/c', { container: 'nobody' }), { actionId })).rejects.toEqual(rejection('PreconditionChanged'));
  });

  it('is gone with its pod, or left on its volume and said so', async () => {
    const one = dumpIn(pods[0]!, '/dumps/d', { isThere: false, uid: 'another' });
    await expect(stage.cluster.apply(one, { actionId: 'a', isUndo: true })).resolves.toMatchObject({ status: 'already_applied' });
    await expect(stage.cluster.apply({ ...one, diesWithPod: false }, { actionId: 'a', isUndo: true })).rejects.toEqual(rejection('InverseUnavailable'));
  });
});
