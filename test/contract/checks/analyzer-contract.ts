import { expect, it } from '@jest/globals';
import type { AnalyzerDefinition } from '../../../src/analyzers/define.js';
import type { Evidence } from '../../../src/domain/evidence.js';
import { worldOf } from '../../../src/domain/kube.js';

export interface AnalyzerUnderTest {
  analyzer: AnalyzerDefinition;
  worlds: () => Evidence[];
}

/** What holds for every analyzer. Call it inside a `describe`. */
export function itKeepsTheContractOfAnalyzers({ analyzer, worlds }: AnalyzerUnderTest): void {
  it('says what it does and what it reads', () => {
    expect(analyzer.summary).toMatch(/^[A-Z].+\.$/);
    expect(analyzer.looksAt.length).toBeGreaterThan(0);
  });

  it('is pure: the same evidence gives the same findings and stays as it was', () => {
    for (const evidence of worlds()) {
      const before = JSON.stringify(evidence);
      const first = analyzer.diagnose(evidence, worldOf(evidence.objects));
      expect(analyzer.diagnose(evidence, worldOf(evidence.objects))).toEqual(first);
      expect(JSON.stringify(evidence)).toBe(before);
    }
  });

  it('signs its findings and says how sure it is', () => {
    for (const evidence of worlds()) {
      for (const finding of analyzer.diagnose(evidence, worldOf(evidence.objects))) {
        expect(finding).toMatchObject({ analyzer: analyzer.id, cause: expect.stringMatching(/^[a-z_]+(\.[a-z_]+)*$/), summary: expect.stringMatching(/.{10,}/) });
        expect(finding.confidence).toBeGreaterThan(0);
        expect(finding.confidence).toBeLessThanOrEqual(1);
      }
    }
  });
}
