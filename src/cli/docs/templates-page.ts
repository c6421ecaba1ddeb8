import type { LoadedTemplate } from '../../config/templates.js';
import { templatePage } from '../commands/templates.js';
import { code, fenced, generated, page, tableOf } from './markdown.js';

export const renderTemplates = (members: readonly LoadedTemplate[]): string =>
  page(
    generated('Templates'),
    `A template says how several actions go together for one kind of trouble: its rungs are tried one after the other (the next when the one
before did not help and was taken back), the steps of a rung form a graph, and steps that do not need each other run side by side. What is
tried first is still decided by the ranking of what analyzers and the model propose: a rung stands where its main step was ranked.`,
    `The cause of the deciding [analyzer](analyzers.md) chooses the template; a model may choose another one by name. Files in the folder
\`templates.path\` add templates or replace shipped ones of the same id; \`kubernaut templates --path <folder>\` checks them.`,
    tableOf(['template', 'version', 'causes', 'what it does'], members.map((t) => [code(t.id), String(t.version), t.causes.map(code).join(', ') || 'none: chosen by name', t.summary])),
    ...members.map((t) => fenced('', templatePage(t))),
  );
