import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { actions } from '../../src/actions/index.js';
import { analyzers, diagnoseAll } from '../../src/analyzers/index.js';
import { brokenWorld } from '../support/broken-world.js';
import { answerFrom, answerSchema } from '../../src/activities/analysis/answer.js';
import { promptOf } from '../../src/domain/prompt.js';
import { isSameProposal } from '../../src/domain/ranking.js';
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

  it('can be agreed with in the very words of the prompt', () => {
    let agreed = 0;
    for (const evidence of brokenWorld()) {
      const own = diagnoseAll(evidence).slice(0, 8);
      if (own.every((f) => f.proposals.length === 0)) continue;
      const prompt = promptOf({ evidence, findings: own, catalogue: actions.members, maxTokens: 100_000 });
      const schema = answerSchema({ actions: actions.members, targets: prompt.targets });
      const data = JSON.parse(/<data>\n(.*)\n<\/data>/s.exec(prompt.prompt)![1]!) as { analyzers: { proposes: object[] }[] };
      for (const [i, { proposes }] of data.analyzers.entries()) {
        if (proposes.length === 0) continue;
        const text = JSON.stringify({ reasoning: 'r', proposals: proposes.slice(0, 5).map((p) => ({ ...p, confidence: 0.5, reason: 'as they say' })) });
        const { proposals } = answerFrom(text, { schema, prompt, by: 'm' });
        for (const [n, said] of proposals.entries()) {
          const meant = { ...own[i]!.proposals[n]!, source: 'rules' as const, by: own[i]!.analyzer };
          expect([said.action, isSameProposal(meant, said), isSameProposal(said, meant)]).toEqual([meant.action, true, true]);
          agreed += 1;
        }
      }
    }
    expect(agreed).toBeGreaterThan(8);
  });
});
