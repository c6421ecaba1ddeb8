import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { playAll, playFaults, PLAYS, throughProxy, type Cell, type FaultyStage, type Injected, type Play } from '../support/actions/fault-matrix.js';
import { openStage, type Stage } from '../support/actions/stage.js';
import { FAULTS } from '../support/fault-proxy.js';

/**
 * A sample of the fault matrix: every action meets a fault, every fault some actions. All of them meet in
 * `npm run test:crash`, whose last result is docs/crash-matrix.md.
 */
const LANES = 4;

let stage: Stage;
let faulty: FaultyStage;
let dir: string;
let results: Map<string, Promise<Cell[]>>;

/** A different fault for each action in turn. */
const sampleOf = (play: Play): Injected[] => [{ fault: FAULTS[PLAYS.indexOf(play) % FAULTS.length]!, nth: 1 }];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kubernaut-faults-'));
  stage = await openStage();
  faulty = await throughProxy(stage, dir);
  results = playAll(PLAYS, LANES, (play) => playFaults(faulty, play, () => sampleOf(play)));
}, 600_000);

afterAll(async () => {
  await faulty?.close();
  await stage?.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

describe.each(PLAYS)('$title', (play) => {
  it(`ends as without a fault, written once, when the answer is: ${sampleOf(play).map((one) => one.fault).join('; ')}`, async () => {
    const cells = await results.get(play.title)!;
    for (const cell of cells) expect({ ...cell, apply: cell.apply ?? 'ok', undo: cell.undo ?? 'ok' }).toEqual({ title: play.title, fault: cell.fault, apply: 'ok', undo: 'ok' });
  }, 600_000);
});
