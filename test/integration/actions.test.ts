import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { invert, refOfChange } from '../../src/domain/change.js';
import type { Change } from '../../src/domain/change.js';
import type { Step } from '../../src/domain/plan.js';
import { act } from '../support/act.js';
import { ACTION_CASES } from '../support/actions/index.js';
import type { Refusal, Scene } from '../support/actions/action-case.js';
import { describeWrite, openStage, spoilt, type Stage } from '../support/actions/stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 600_000);

afterAll(() => stage?.stop(), 60_000);

const rejection = (code: string) => expect.objectContaining({ code });
const saying = ({ code, because }: Refusal) => expect.objectContaining({ code, ...(because ? { message: expect.stringContaining(because) } : {}) });
/** Pinned by uid, ours by name, or added where nothing can be changed any more. */
const isNobodysToEdit = (c: Change): boolean => ['evict', 'delete', 'create', 'exec'].includes(c.op) || (c.op === 'edit' && c.subresource === 'ephemeralcontainers');
const cases = Object.entries(ACTION_CASES).flatMap(([id, { live }]) => live.map((one) => ({ id, title: one.name ? `${id}, ${one.name}` : id, ...one })));

describe.each(cases)('$title on a real API server', ({ id, prepare, refusals }) => {
  let scene: Scene;
  let step: Step;
  let before: unknown;
  let actionId: string;
  const run = (mode: 'apply' | 'undo', of: Step = step, as = actionId) => act(stage.execute, { step: of, actionId: as, mode });
  const picture = async () => {
    const live = await stage.cluster.read(scene.ref);
    return live && scene.picture(live);
  };
  const writes = async () => (await stage.ledger(actionId)).map(describeWrite).sort();

  const clean = () => scene?.clean?.() ?? stage.forget(scene?.ref.namespace);
  const stand = async () => {
    actionId = stage.newActionId();
    scene = await prepare(stage);
    step = stage.planned({ action: id, actionId, ...scene });
    before = await picture();
  };
  const renew = async () => {
    await clean();
    await stand();
  };

  beforeAll(stand, 180_000);
  afterAll(clean, 60_000);

  if (refusals.length > 0) {
    it.each(refusals)('refuses when $when, with $code, before any write', (refusal) => {
      expect(() => stage.planned({ action: id, ...spoilt(scene, refusal) })).toThrow(saying(refusal));
    });
  }

  it('leaves everything alone in a dry run', async () => {
    for (const [n, change] of step.changes.entries()) {
      // what an earlier change would have written is not there to be taken back
      const takesBack = step.changes.slice(0, n).some((c) => isDeepStrictEqual(invert(c), change));
      await expect(stage.cluster.apply(change, { actionId, isDryRun: true })).resolves.toMatchObject({ status: takesBack ? 'already_applied' : 'dry_run' });
    }
    expect(await picture()).toEqual(before);
    for (const change of step.changes) if (change.op === 'delete' || change.op === 'evict') expect((await stage.cluster.read(change.ref))?.metadata).not.toHaveProperty('deletionTimestamp');
    expect(await writes()).toEqual([]);
  }, 60_000);

  it('writes what it planned, once, and converges', async () => {
    await expect(run('apply')).resolves.toMatchObject({ status: 'applied' });
    expect(await writes()).toEqual([...scene.writes].sort());
  }, 180_000);

  it('changes nothing when it is repeated', async () => {
    await expect(run('apply')).resolves.toMatchObject({ status: 'already_applied' });
    expect(await writes()).toEqual([...scene.writes].sort());
  }, 90_000);

  it('gives the before-image back, or says that there is no undo', async () => {
    if (step.undo.kind === 'none') return expect(run('undo')).rejects.toEqual(rejection('InverseUnavailable'));
    await run('undo');
    if (step.undo.kind === 'exact') expect(await picture()).toEqual(before);
    if (step.undo.kind !== 'exact') return;
    for (const change of step.changes) if (change.op === 'create') expect(await stage.cluster.read(refOfChange(change))).toBeUndefined();
  }, 120_000);

  it("never overwrites a person's edit between plan and write, nor after it", async () => {
    if (!scene.edit) return expect(step.changes.every(isNobodysToEdit)).toBe(true);
    if (scene.isUsedUp) await renew();
    const { metadata } = await stage.live(scene.ref);
    await stage.seen((w) => w.get(scene.ref.kind, scene.ref.namespace, scene.ref.name)?.metadata.resourceVersion === metadata.resourceVersion);
    await scene.edit();
    const theirs = await picture();
    await expect(run('apply', step, stage.newActionId())).rejects.toEqual(rejection('PreconditionChanged'));
    expect(await picture()).toEqual(theirs);
    if (step.undo.kind === 'none') return;
    if (scene.isUsedUp) {
      await renew();
      await run('apply');
      await scene.edit();
    }
    const left = await picture();
    await expect(run('undo')).rejects.toEqual(rejection('Drifted'));
    expect(await picture()).toEqual(left);
  }, 300_000);
});
