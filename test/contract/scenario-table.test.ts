import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { loadScenarios } from '../../sandbox/scenarios/load.js';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const page = readFileSync(at('docs/reference/scenarios.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|').map((cell) => cell.trim()).slice(1, -1));
const ways = page.split('\n').filter((line) => /^\| (no model|scripted|server down|garbage) \|/.test(line)).map((line) => line.split('|').map((cell) => cell.trim()).slice(1, -1));

/** Measured on a machine, so that it cannot be generated here; but it must be about what is shipped. */
describe('the published table of scenarios', () => {
  it('has rows of shipped scenarios alone, played all four ways, and of nearly all: it is measured before a release', () => {
    const shipped = loadScenarios([at('test/scenarios')]).map((l) => `\`${l.scenario.id}\``);
    expect(rows.map(([id]) => id!).filter((id) => !shipped.includes(id))).toEqual([]);
    expect(rows.length).toBeGreaterThan(0.9 * shipped.length);
    expect(rows.filter((cells) => cells.length !== 6 || cells.slice(2).some((cell) => cell === ''))).toEqual([]);
  });

  it('tells of all four ways, of as many scenarios, and of no harm', () => {
    expect(ways.map(([way]) => way)).toEqual(['no model', 'scripted', 'server down', 'garbage']);
    expect(ways.map(([, scenarios]) => Number(scenarios))).toEqual(ways.map(() => rows.length));
    expect(ways.map((cells) => cells[5])).toEqual(ways.map(() => '0'));
    expect(page).not.toContain('**harmful**');
  });
});
