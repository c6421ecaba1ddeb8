import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HEAP } from '../../src/actions/heap-declaration.js';
import { refOf, type KubeObject } from '../../src/domain/kube.js';
import type { Step } from '../../src/domain/plan.js';
import { act, attempt } from '../support/act.js';
import { deployDumpable, dumpPolicy } from '../support/actions/create-heap-dump.js';
import { openStage, type Stage } from '../support/actions/stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 600_000);

afterAll(() => stage?.stop(), 60_000);

const rejection = (code: string) => expect.objectContaining({ code });

async function staged(exec: string, shape?: Parameters<typeof deployDumpable>[2]): Promise<{ pod: KubeObject; step: Step; actionId: string; size(): Promise<number | undefined> }> {
  const pod = await deployDumpable(stage, exec, shape);
  const { namespace = '', name } = refOf(pod);
  const actionId = stage.newActionId();
  const step = stage.planned({ action: 'create_heap_dump', ref: refOf(pod), params: { namespace, pod: name }, policy: dumpPolicy, actionId });
  const change = step.changes[0]!;
  const file = change.op === 'exec' ? change.file : '';
  return {
    pod, step, actionId,
    async size() {
      const { exitCode, stdout } = await stage.cluster.exec({ namespace, name, uid: pod.metadata.uid! }, { container: 'api', argv: ['stat', '-c', '%s', file], timeoutMs: 5000, actionId: 'look' });
      return exitCode === 0 ? Number(stdout) : undefined;
    },
  };
}

describe('a heap dump that meets trouble', () => {
  it('tells size and checksum when there is none', async () => {
    const { step, actionId, size } = await staged('{ heap: 64Mi }');
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'applied', detail: expect.stringMatching(/kb-\w{12}\.hprof: 67108864 bytes, sha256 [0-9a-f]{64}$/) });
    await expect(size()).resolves.toBe(64 * 1024 * 1024);
    await act(stage.execute, { step, actionId, mode: 'undo' });
    await expect(size()).resolves.toBeUndefined();
  }, 90_000);

  it('is not begun on a full disk', async () => {
    const { step, actionId, size } = await staged('{ free: 200Mi }');
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).rejects.toEqual(rejection('PreconditionChanged'));
    await expect(size()).resolves.toBeUndefined();
    await expect(stage.ledger(actionId)).resolves.toEqual([]);
  }, 90_000);

  it('is not begun without the memory for it', async () => {
    const { step, actionId } = await staged('{}', { container: { resources: { limits: { memory: '128Mi' } } } });
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).rejects.toMatchObject({ code: 'PreconditionChanged', message: expect.stringContaining('memory') });
  }, 90_000);

  it('says which program the image lacks', async () => {
    const { step, actionId } = await staged('{ missing: [jcmd] }');
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).rejects.toMatchObject({ code: 'Unsupported', message: expect.stringContaining('has no jcmd') });
  }, 90_000);

  it('that takes its container with it has failed, and what it left is removed', async () => {
    const { step, actionId, pod, size } = await staged('{ kills: true, takes: 600ms }');
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).rejects.toEqual(rejection('ConvergeFailed'));
    await stage.seen((w) => {
      const [status] = w.byUid(pod.metadata.uid!)?.status?.containerStatuses ?? [];
      return status?.restartCount === 1 && status.state?.running;
    });
    await expect(size()).resolves.toBeGreaterThan(0);
    // a repeat finds the stump, and the restart tells it from a dump
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).rejects.toEqual(rejection('ConvergeFailed'));
    await act(stage.execute, { step, actionId, mode: 'undo' });
    await expect(size()).resolves.toBeUndefined();
  }, 90_000);

  it('whose worker dies meanwhile is found by the next attempt, not begun again', async () => {
    const { step, actionId } = await staged('{ takes: 4s }');
    const dying = attempt(stage.execute, { step, actionId, mode: 'apply' }, { onEnvironment: (e) => void setTimeout(() => e.cancel(), 1000) }).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).resolves.toMatchObject({ detail: expect.stringMatching(/67108864 bytes/) });
    await dying;
    const commands = (await stage.ledger(actionId)).map((l) => new URL(l.requestURI, 'https://x').searchParams.get('command'));
    expect(commands).toEqual(['jcmd']);
  }, 90_000);

  it('of a runtime without an adapter is refused by name', async () => {
    await expect(staged('{}', { annotations: { [HEAP.runtime]: 'node' } })).rejects.toMatchObject({ code: 'Unsupported', message: expect.stringContaining('jvm and dotnet') });
  }, 90_000);
});
