import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { groupsOf, PLAYS } from '../support/actions/fault-matrix.js';
import { openStage, type Stage } from '../support/actions/stage.js';
import { crash, KILLS, nameOfKill, openLab, type CrashLab, type Fate } from './crash-matrix.js';
import { only, publish } from './publish.js';

/** Every action × every point at which the worker can die, while it applies and while it undoes. One kill per point and group. */
const plays = PLAYS.filter((play) => play.title.includes(only() ?? ''));

const GROUPS = groupsOf(plays).map((members) => ({ members, names: [...new Set(members.map((play) => play.id))].join(', ') }));

let stage: Stage;
let lab: CrashLab;
let dir: string;
const fates: Fate[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kubernaut-crash-'));
  stage = await openStage();
  lab = await openLab(stage, dir);
}, 600_000);

afterAll(async () => {
  if (only() === undefined) publishFates();
  await lab?.close();
  await stage?.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

describe.each(GROUPS)('a worker killed with $names', ({ members }) => {
  it.each(KILLS.map((kill) => ({ name: nameOfKill(kill), kill })))('$name: nothing is written twice, the end is right', async ({ kill }) => {
    const now = await crash(lab, members.map((play) => ({ play, kill })));
    fates.push(...now);
    expect(now.filter(({ result = 'ok' }) => result !== 'ok')).toEqual([]);
  }, 1_200_000);
});

function publishFates(): void {
  const columns = KILLS.map(nameOfKill);
  publish('crashes', {
    title: 'Kill -9 of the worker',
    about: [
      'One process with all workers of the product, killed at that point, then started anew. `ok`: the audit log has every write once, the remediation ended `fixed`',
      '(`rolled_back`, with the object as before, where it was killed during compensation). `·`: there is no such moment (no second write, no undo).',
    ],
    columns,
    rows: PLAYS.map(({ title }) => ({ name: title, cells: columns.map((kill) => fates.find((fate) => fate.title === title && fate.kill === kill)?.result) })),
  });
}
