import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { actions } from '../../src/actions/index.js';
import { analyzers, diagnoseAll } from '../../src/analyzers/index.js';
import { brokenWorld } from '../support/broken-world.js';
import { itKeepsTheContractOfAnalyzers } from './checks/analyzer-contract.js';

describe('every analyzer', () => {
  it('is registered, and its id is its file name', () => {
    const folder = new URL('../../src/analyzers/', import.meta.url);
    const defining = readdirSync(folder).filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts') && /= defineAnalyzer\(\{/.test(readFileSync(new URL(f, folder), 'utf8')));
    expect(defining.map((f) => f.replace(/\.ts$/, '').replaceAll('-', '_')).sort()).toEqual([...analyzers.ids].sort());
  });

  describe.each(analyzers.members.map((m) => [m.id, m] as const))('%s', (_id, analyzer) => {
    itKeepsTheContractOfAnalyzers({ analyzer, worlds: brokenWorld });
  });

  it('takes half-empty objects, as young ones are', () => {
    for (const evidence of brokenWorld()) {
      const bare = evidence.objects.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }));
      const object = bare.find((o) => o.metadata.uid === evidence.object!.metadata.uid)!;
      expect(() => diagnoseAll({ ...evidence, object, objects: bare })).not.toThrow();
    }
  });
});

describe('every finding', () => {
  const findings = brokenWorld().flatMap(diagnoseAll);

  it('there are many', () => expect(new Set(findings.map((f) => f.cause)).size).toBeGreaterThan(8));

  it('has a stable cause, evidence, and either proposals or a conclusion', () => {
    for (const f of findings) {
      expect(f.cause).toMatch(/^[a-z_]+(\.[a-z_]+)*$/);
      expect(f.summary).not.toBe('');
      expect(f.evidence.length).toBeGreaterThan(0);
      expect(f.confidence).toBeGreaterThan(0);
      expect(f.confidence).toBeLessThan(1);
      expect(f.proposals.length > 0).toBe(f.conclusion === undefined);
    }
  });

  it('proposes only what the catalogue has, with parameters that its schema takes, for the object that they name', async () => {
    const { Value } = await import('@sinclair/typebox/value');
    for (const p of findings.flatMap((f) => f.proposals)) {
      const action = actions.get(p.action);
      expect([p.action, [...Value.Errors(action.params, p.parameters)].map((e) => e.message)]).toEqual([p.action, []]);
      expect(action.targetOf(p.parameters as never)).toMatchObject({ kind: p.target.kind, name: p.target.name });
      expect(p.target.uid).toBeDefined();
    }
  });
});
