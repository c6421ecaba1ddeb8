import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { disagreementAbout } from './disagreement.js';
import { worthOf, type Measured } from './measured.js';
import type { Finding, Proposal } from './plan.js';
import { isSameProposal, rank } from './ranking.js';

const ACTIONS = ['restart_pod', 'rollback_deployment', 'scale_deployment', 'increase_resources', 'cordon_node'];
const target = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name });
const share = fc.integer({ min: 0, max: 100 }).map((n) => n / 100);
const count = fc.integer({ min: 0, max: 60 });

const item = fc.record({ action: fc.constantFrom(...ACTIONS), name: fc.constantFrom('api', 'web'), confidence: share })
  .map(({ action, name, confidence }) => ({ action, target: target(name), parameters: { name }, confidence, reason: 'because' }));
const proposal = item.map((p): Proposal => ({ ...p, source: 'model', by: 'm' }));
const finding = fc.record({ cause: fc.constantFrom('oom.limit', 'crash.loop', 'image.bad'), confidence: share, proposals: fc.array(item, { maxLength: 3 }), conclusion: fc.option(fc.constantFrom('needs_person' as const, 'no_action_needed' as const), { nil: undefined, freq: 4 }) })
  .map((f): Finding => ({ analyzer: 'x', summary: f.cause, target: target('api'), evidence: [], ...f, ...(f.conclusion ? {} : { conclusion: undefined }) }));
// one of each confidence: equal ones keep the order of the registry
const findings = fc.uniqueArray(finding, { maxLength: 6, selector: (f) => f.confidence });
const measured = fc.uniqueArray(
  fc.record({ action: fc.constantFrom(...ACTIONS), family: fc.constantFrom('oom', 'crash', 'image', 'model'), helped: count, failed: count, harmed: fc.integer({ min: 0, max: 10 }) })
    .map((m): Measured => ({ ...m, lately: { helped: m.helped, failed: m.failed, harmed: m.harmed }, lastAt: '' })),
  { maxLength: 12, selector: (m) => m.action + m.family },
);
const given = fc.record({ findings, proposals: fc.array(proposal, { maxLength: 5 }), measured });
const keysOf = (candidates: readonly Proposal[]) => candidates.map((p) => `${p.action} ${p.target.name}`);

describe('ranking, whatever is said', () => {
  it('does not depend on the order in which findings, proposals and records come', () => {
    fc.assert(fc.property(given.chain((g) => fc.record({ g: fc.constant(g), f: fc.shuffledSubarray(g.findings, { minLength: g.findings.length }), p: fc.shuffledSubarray(g.proposals, { minLength: g.proposals.length }), m: fc.shuffledSubarray(g.measured, { minLength: g.measured.length }) })), ({ g, f, p, m }) => {
      expect(rank(f, p, m)).toEqual(rank(g.findings, g.proposals, g.measured));
    }));
  });

  it('moves a candidate up, or not at all, when it helped once more', () => {
    fc.assert(fc.property(given, ({ findings: f, proposals: p, measured: m }) => {
      const before = rank(f, p, m);
      for (const action of new Set(before.candidates.map((c) => c.action))) {
        const family = before.cause.split('.')[0]!;
        const known = m.find((r) => r.action === action && r.family === family);
        const more: Measured = known ? { ...known, lately: { ...known.lately, helped: known.lately.helped + 1 } } : { action, family, helped: 1, failed: 0, harmed: 0, lately: { helped: 1, failed: 0, harmed: 0 }, lastAt: '' };
        const after = rank(f, p, [...m.filter((r) => r !== known), more]);
        const first = (r: typeof before) => r.candidates.findIndex((c) => c.action === action);
        expect(first(after)).toBeLessThanOrEqual(first(before));
      }
    }));
  });

  it('changes places only where the confidence is comparable, by records only', () => {
    fc.assert(fc.property(given, ({ findings: f, proposals: p, measured: m }) => {
      const plain = rank(f, p).candidates;
      const moved = rank(f, p, m).candidates;
      expect(rank(f, p, []).candidates).toEqual(plain);
      for (const [i, a] of moved.entries()) {
        for (const b of moved.slice(i + 1)) {
          const [wasA, wasB] = [plain, plain].map((list, n) => list.findIndex((c) => isSameProposal(c, [a, b][n]!)));
          if (wasA! < 0 || wasB! < 0 || wasA! < wasB!) continue;
          const height = (n: number) => Math.min(...plain.slice(0, n + 1).filter((c) => (c.source === 'model') === (a.source === 'model')).map((c) => c.confidence));
          expect(height(wasB!) - height(wasA!)).toBeLessThanOrEqual(0.15 + 1e-9);
        }
      }
    }));
  });

  it('never puts what only a model says before what the rules say, and never drops what is not proven bad', () => {
    fc.assert(fc.property(given, ({ findings: f, proposals: p, measured: m }) => {
      const { candidates, cause } = rank(f, p, m);
      const sources = candidates.map((c) => c.source === 'model');
      expect(sources.toSorted((a, b) => Number(a) - Number(b))).toEqual(sources);
      const kept = keysOf(candidates);
      const isBad = (c: Proposal) => worthOf(m.find((r) => r.action === c.action && r.family === cause.split('.')[0])).isProvenBad;
      for (const c of candidates) expect(isBad(c)).toBe(false);
      for (const c of rank(f, p).candidates) if (!isBad(c)) expect(kept.length === 6 || kept.includes(`${c.action} ${c.target.name}`)).toBe(true);
    }));
  });
});

const rules = (confidence: number): Proposal => ({ action: 'restart_pod', target: target('api'), parameters: {}, confidence, reason: 'r', source: 'rules', by: 'x' });
const model = (action: string, confidence = 0.8): Proposal => ({ ...rules(confidence), action, source: 'model', by: 'm' });
const view = (proposals: Proposal[], more: object = {}) => ({ isAnswered: true, hasProposed: proposals.length > 0, proposals, ...more });

describe('analyzers and a model disagree', () => {
  it.each<[string, Proposal[], Parameters<typeof disagreementAbout>[1], string | undefined]>([
    ['when it would do something else first', [rules(0.95)], view([model('scale_deployment'), model('restart_pod', 0.5)]), 'm would rather do scale_deployment'],
    ['not when it says the same first', [rules(0.7)], view([model('scale_deployment', 0.5), model('restart_pod')]), undefined],
    ['when it sees nothing to do and the rules are fairly sure', [rules(0.8)], view([]), 'the model sees nothing to do'],
    ['not when it sees nothing to do and the rules are sure', [rules(0.9)], view([]), undefined],
    ['when it would only tell', [rules(0.8)], view([model('notify_only')]), 'm would only tell a person'],
    ['not when its first choice is one of several steps', [rules(0.8), model('backup_data')], view([model('backup_data')]), undefined],
    ['not when no model answered', [rules(0.7)], view([], { isAnswered: false }), undefined],
    ['not when all that it said was tried', [rules(0.7)], view([], { hasProposed: true }), undefined],
    ['not about what a model alone says, which has a check of its own', [model('restart_pod')], view([model('scale_deployment')]), undefined],
  ])('%s', (_name, chosen, seen, why) => {
    const found = disagreementAbout(chosen, seen);
    if (why === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(why);
  });
});
