import { CHECKS } from '../../domain/safety/checks/index.js';
import { REASONS } from '../../domain/safety/reasons.js';
import { code, generated, page, tableOf } from './markdown.js';

export const renderSafety = (): string =>
  page(
    generated('Safety checks'),
    `Every planned write passes all of these, each a pure function over recorded facts. All findings are reported, not the first: \`deny\` ends the plan, \`ask\` needs a person,
\`info\` is told. \`kubernaut show <id>\` lists them under "Verdict". They run when the plan is made; the action reads its object again before it writes.`,
    `Checks: ${Object.keys(CHECKS).map(code).join(', ')}.`,
    tableOf(['reason of a finding', 'meaning'], Object.entries(REASONS).map(([reason, meaning]) => [code(reason), meaning])),
  );
