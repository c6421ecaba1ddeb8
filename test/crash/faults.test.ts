import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { everyFault, nameOf, playAll, playFaults, PLAYS, throughProxy, type Cell, type FaultyStage } from '../support/actions/fault-matrix.js';
import { openStage, type Stage } from '../support/actions/stage.js';
import { only, publish } from './publish.js';

/** Every action × every fault, at its first and second write; what can be undone exactly is undone under the same fault. */
const LANES = 4;
const COLUMNS = everyFault(2).map(nameOf);
const plays = PLAYS.filter((play) => play.title.includes(only() ?? ''));

let stage: Stage;
let faulty: FaultyStage;
let dir: string;
let results: Map<string, Promise<Cell[]>>;
const played: Cell[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kubernaut-faults-'));
  stage = await openStage();
  faulty = await throughProxy(stage, dir);
  results = playAll(plays, LANES, (play) => playFaults(faulty, play, everyFault));
}, 600_000);

afterAll(async () => {
  if (only() === undefined) publishCells();
  await faulty?.close();
  await stage?.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

describe.each(plays)('$title', ({ title }) => {
  it('ends as without a fault, with every write once, whatever the API server does', async () => {
    const cells = await results.get(title)!;
    played.push(...cells);
    expect(cells.flatMap(({ fault, apply = 'ok', undo = 'ok' }) => [...(apply === 'ok' ? [] : [`${fault}: ${apply}`]), ...(undo === 'ok' ? [] : [`undo, ${fault}: ${undo}`])])).toEqual([]);
  }, 3_600_000);
});

function publishCells(): void {
  const cellOf = (title: string, fault: string): string | undefined => {
    const { apply, undo } = played.find((cell) => cell.title === title && cell.fault === fault) ?? {};
    if (apply === undefined) return undefined;
    if (apply !== 'ok') return apply;
    return undo === undefined ? 'ok' : undo === 'ok' ? 'ok, undo ok' : `undo: ${undo}`;
  };
  publish('faults', {
    title: 'Faults of the API server',
    about: [
      '`ok`: the end state and the effective writes (audit log) are those of a run without the fault, and no object was asked about sooner than `Retry-After` said.',
      '`undo ok`: the same fault during the undo, after which the object is as before. `·`: there is no such write or read.',
    ],
    columns: COLUMNS,
    rows: PLAYS.map(({ title }) => ({ name: title, cells: COLUMNS.map((fault) => cellOf(title, fault)) })),
  });
}
