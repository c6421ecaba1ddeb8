import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { loadScenarios } from '../../sandbox/scenarios/load.js';
import { actions } from '../../src/actions/index.js';
import { analyzers } from '../../src/analyzers/index.js';

const shipped = loadScenarios([fileURLToPath(new URL('../scenarios', import.meta.url))]).map((l) => l.scenario);
const covering = (id: string): string[] => shipped.filter((s) => s.covers?.includes(id)).map((s) => s.id);

/** That the named analyzer really found the cause is the oracle's to check, live (sandbox/scenarios/judge-scenario.ts). */
describe('the shipped scenarios', () => {
  it.each(analyzers.ids.map((id) => [id]))('one proves %s', (id) => expect(covering(id)).not.toEqual([]));

  it('cover only analyzers that there are', () => {
    const unknown = shipped.flatMap((s) => (s.covers ?? []).filter((id) => !(analyzers.ids as readonly string[]).includes(id)).map((id) => `${s.id}: ${id}`));
    expect(unknown).toEqual([]);
  });

  it('name only actions that there are', () => {
    const named = shipped.flatMap(({ id, expect: { actions: wanted = {} } }) => [...[wanted.first ?? []].flat(), ...(wanted.never ?? [])].map((action) => ({ id, action })));
    expect(named.filter(({ action }) => action !== 'none' && !(actions.ids as readonly string[]).includes(action))).toEqual([]);
  });
});
