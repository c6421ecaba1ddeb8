import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Value } from '@sinclair/typebox/value';
import { parseDocument } from 'yaml';
import { Template, type TemplateRung, type TemplateStep } from '../contracts/template.js';
import { inOrder } from '../domain/plan-graph.js';
import { configInvalid, type ConfigIssue } from './issues.js';

/** What a template may name: ids of the catalogue with the keys of their parameters. */
export type KnownActions = readonly { id: string; params: { properties: Record<string, unknown> } }[];

export interface LoadedTemplate extends Template {
  origin: 'shipped' | 'user';
}

const SHIPPED = fileURLToPath(new URL('../templates/', import.meta.url));
const EXAMPLE = 'id: high-memory, version: 1, summary: …, causes: [oom.*], rungs: […]; see kubernaut templates high-memory -o yaml';

/**
 * The shipped templates and those of a folder; one of the same id replaces the shipped one. Throws ConfigInvalid with
 * everything that is wrong in any file at once.
 */
export function loadTemplates(folder: string | undefined, actions: KnownActions): LoadedTemplate[] {
  const issues: ConfigIssue[] = [];
  const shipped = readFolder(SHIPPED, 'shipped', actions, issues);
  const own = folder === undefined ? [] : readFolder(folder, 'user', actions, issues);
  own.forEach((t, i) => {
    const twin = own.findIndex((o) => o.id === t.id);
    if (twin < i) issues.push({ path: `${folder}: ${t.id}`, got: 'two files with this id', expected: 'one file per template', example: 'rename one of them' });
  });
  if (issues.length > 0) throw configInvalid(issues);
  return [...shipped.filter((t) => !own.some((o) => o.id === t.id)), ...own].sort((a, b) => a.id.localeCompare(b.id));
}

function readFolder(folder: string, origin: LoadedTemplate['origin'], actions: KnownActions, issues: ConfigIssue[]): LoadedTemplate[] {
  let files: string[];
  try {
    files = readdirSync(folder).filter((f) => /\.ya?ml$/.test(f)).sort();
  } catch (error) {
    issues.push({ path: 'templates.path', got: folder, expected: `a folder that can be read (${(error as Error).message})`, example: '/etc/kubernaut/templates' });
    return [];
  }
  return files.flatMap((file) => {
    const path = join(folder, file);
    const document = parseDocument(readFileSync(path, 'utf8'));
    const bad = document.errors[0];
    if (bad) return issues.push({ path, got: bad.message, expected: 'YAML', example: EXAMPLE }), [];
    const template: unknown = document.toJS();
    const found = problemsOf(template, actions);
    issues.push(...found.map((problem) => ({ path: `${path}${problem.at}`, got: problem.got, expected: problem.expected, example: EXAMPLE })));
    return found.length > 0 ? [] : [{ ...(template as Template), origin }];
  });
}

interface Problem {
  at: string;
  got: string;
  expected: string;
}

function problemsOf(value: unknown, actions: KnownActions): Problem[] {
  if (!Value.Check(Template, value)) {
    return [...Value.Errors(Template, value)].slice(0, 5).map((e) => ({ at: e.path.replaceAll('/', '.'), got: short(e.value), expected: e.message }));
  }
  return value.rungs.flatMap((rung, i) => rungProblems(rung, value, actions).map((p) => ({ ...p, at: `.rungs.${i}${p.at}` })));
}

function rungProblems(rung: TemplateRung, template: Template, actions: KnownActions): Problem[] {
  const ids = rung.steps.map((s) => s.id);
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice) return [{ at: '.steps', got: `two steps ${twice}`, expected: 'one step per id' }];
  const wrong = rung.steps.flatMap((step, i) => stepProblems(step, { ids, template, actions }).map((p) => ({ ...p, at: `.steps.${i}${p.at}` })));
  return wrong.length > 0 ? wrong : circleIn(rung, ids);
}

function circleIn(rung: TemplateRung, ids: string[]): Problem[] {
  try {
    inOrder(rung.steps.map((s, ordinal) => ({ ordinal, needs: (s.needs ?? []).map((id) => ids.indexOf(id)) })));
    return [];
  } catch {
    return [{ at: '.steps', got: 'steps that need each other in a circle', expected: 'an order in which they can run' }];
  }
}

function stepProblems(step: TemplateStep, { ids, template, actions }: { ids: string[]; template: Template; actions: KnownActions }): Problem[] {
  const action = actions.find((a) => a.id === step.action);
  if (!action) return [{ at: '.action', got: step.action, expected: `one of ${actions.map((a) => a.id).join(', ')}` }];
  const others = [...(step.needs ?? []), ...(step.on?.startsWith('step:') ? [step.on.slice('step:'.length)] : [])];
  const unknown = others.filter((id) => !ids.includes(id) || id === step.id);
  return [
    ...unknown.map((id) => ({ at: '', got: id, expected: `another step of this rung: ${ids.filter((i) => i !== step.id).join(', ') || 'there is none'}` })),
    ...Object.entries(step.with ?? {}).flatMap(([key, value]) => {
      const at = `.with.${key}`;
      if (!(key in action.params.properties)) return [{ at, got: key, expected: `a parameter of ${action.id}: ${Object.keys(action.params.properties).join(', ')}` }];
      if (typeof value === 'object' && !template.parameters?.[value.param]) return [{ at, got: value.param, expected: `a parameter of the template: ${Object.keys(template.parameters ?? {}).join(', ') || 'it has none'}` }];
      return [];
    }),
  ];
}

const short = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
