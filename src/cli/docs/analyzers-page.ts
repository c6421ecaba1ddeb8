import type { AnalyzerDefinition } from '../../analyzers/define.js';
import { code, generated, page, tableOf } from './markdown.js';

export const renderAnalyzers = (members: readonly AnalyzerDefinition[]): string =>
  page(
    generated('Analyzers'),
    `Deterministic diagnoses: each reads the evidence of one remediation and says what it recognises, with its reasons and a proposal from the
[catalogue](actions.md). They always run, with or without a model; \`healthy\` speaks only when no other does. Equal confidence: the order of this list decides.`,
    tableOf(['analyzer', 'recognises', 'looks at'], members.map((a) => [code(a.id), a.summary, a.looksAt.join(', ')])),
  );
