import { actions } from '../../actions/index.js';
import { analyzers } from '../../analyzers/index.js';
import { loadTemplates } from '../../config/templates.js';
import { openApiDocument } from '../../gateway/openapi.js';
import { buildProgram } from '../program.js';
import { VERSION } from '../version.js';
import { renderActions } from './actions-page.js';
import { renderAnalyzers } from './analyzers-page.js';
import { renderCli } from './cli-page.js';
import { renderConfigSchema, renderConfiguration } from './configuration-page.js';
import { renderErrors } from './errors-page.js';
import { renderMessages } from './messages-page.js';
import { renderMetrics } from './metrics-page.js';
import { rbacFiles } from '../rbac/manifests.js';
import { renderRbac } from './rbac.js';
import { renderSafety } from './safety-page.js';
import { renderTemplates } from './templates-page.js';

/** Every file of docs/reference and what it holds today. The same on every machine. */
export const referencePages = async (): Promise<Record<string, string>> => ({
  'actions.md': renderActions(actions.members),
  'analyzers.md': renderAnalyzers(analyzers.members),
  'cli.md': renderCli(await buildProgram()),
  'configuration.md': renderConfiguration(),
  'errors.md': renderErrors(),
  'kubernaut.schema.json': renderConfigSchema(),
  'messages.md': renderMessages(),
  'metrics.md': renderMetrics(),
  'openapi.json': `${JSON.stringify(await openApiDocument(VERSION), null, 2)}\n`,
  'rbac.md': renderRbac(actions.members),
  'safety.md': renderSafety(),
  'templates.md': renderTemplates(loadTemplates(undefined, actions.members)),
});

/** Every file of deploy/rbac. deploy/admission is written by hand: it is its own best explanation. */
export const deployFiles = (): Record<string, string> => rbacFiles(actions.members);
