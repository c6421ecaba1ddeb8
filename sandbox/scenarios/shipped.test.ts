import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { loadScenarios } from './load.js';
import { manifestsOf } from './manifests.js';

const loaded = loadScenarios([fileURLToPath(new URL('../../test/scenarios', import.meta.url))]);

describe('the shipped scenarios', () => {
  it.each(loaded.map((l) => [l.scenario.id, l] as const))('%s is valid, named after its file, and its manifests parse', (id, { file, scenario, namespace }) => {
    expect(file.endsWith(`/${id}.yaml`)).toBe(true);
    expect(namespace).toMatch(/^[a-z0-9-]{1,57}$/);
    expect(manifestsOf(scenario).length).toBeGreaterThan(0);
  });
});
