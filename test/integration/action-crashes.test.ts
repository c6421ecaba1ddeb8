import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { crash, nameOfKill, openLab, type CrashLab, type Fate, type Victim } from '../crash/crash-matrix.js';
import { PLAYS } from '../support/actions/fault-matrix.js';
import { openStage, type Stage } from '../support/actions/stage.js';

/** A sample of the crash matrix, one kill for all of them. Every action at every point: `npm run test:crash`. */
const play = (title: string) => PLAYS.find((p) => p.title === title)!;
const VICTIMS: Victim[] = [
  { play: play('scale_deployment'), kill: { mode: 'apply', point: 'before the write' } },
  { play: play('restart_pod'), kill: { mode: 'apply', point: 'after the write, before the reply' } },
  { play: play('restart_pod, rolling'), kill: { mode: 'apply', point: 'while converging' } },
  { play: play('increase_resources'), kill: { mode: 'apply', point: 'before the result is reported' } },
  { play: play('rollback_deployment'), kill: { mode: 'undo', point: 'after the write, before the reply' } },
];

let stage: Stage;
let lab: CrashLab;
let dir: string;
let fates: Fate[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kubernaut-crash-'));
  stage = await openStage();
  lab = await openLab(stage, dir);
  fates = await crash(lab, VICTIMS);
}, 600_000);

afterAll(async () => {
  await lab?.close();
  await stage?.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

describe('a worker that is killed', () => {
  it.each(VICTIMS.map(({ play: { title }, kill }) => ({ title, kill: nameOfKill(kill) })))('$kill of $title writes nothing twice and comes to the right end', ({ title, kill }) => {
    expect(fates.find((f) => f.title === title && f.kill === kill)).toEqual({ title, kill, result: 'ok' });
  });
});
