import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { KubernautError } from '../../src/domain/errors.js';
import type { Scenario } from './scenario.js';
import { scenarioErrors } from './schema-errors.js';

export interface LoadedScenario {
  file: string;
  scenario: Scenario;
  /** What $NS stands for. */
  namespace: string;
}

const invalid = (file: string, errors: string[], cause?: unknown): KubernautError =>
  new KubernautError('ConfigInvalid', { message: `${file} is not a scenario:\n${errors.map((e) => `  ${e}`).join('\n')}`, file, errors }, cause);

/** Files as given; folders with every .yaml and .yml below them, sorted. Throws NotFound. */
function filesOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) throw new KubernautError('NotFound', `there is no scenario file or folder ${path}`);
    if (!stat.isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(path, name));
  });
}

const slugOf = (id: string): string => id.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 24).replace(/-$/, '');

/** `$NS` and `$RAND` (also `${NS}`) are replaced in the text itself, so that names, labels, logs and manifests alike follow. */
export function substitute(text: string, values: { NS: string; RAND: string }): string {
  return text.replace(/\$(?:\{(NS|RAND)\}|(NS|RAND)(?![A-Za-z0-9_]))/g, (_, braced: 'NS' | undefined, bare: 'NS' | undefined) => values[(braced ?? bare)!]);
}

function parseYaml(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw invalid(file, [error instanceof Error ? error.message : String(error)], error);
  }
}

/** Parses and validates one file. Throws ConfigInvalid naming the file and every wrong path. */
export function loadScenario(file: string, text: string, random: string): LoadedScenario {
  const raw = parseYaml(file, text) as { id?: unknown; namespace?: unknown } | null;
  const given = typeof raw?.namespace === 'string' ? raw.namespace : 'random';
  const namespace = given === 'random' ? `${slugOf(String(raw?.id ?? 'scenario')) || 'scenario'}-${random}` : substitute(given, { NS: given, RAND: random });
  const document = parseYaml(file, substitute(text, { NS: namespace, RAND: random }));
  const errors = scenarioErrors(document);
  if (errors.length > 0) throw invalid(file, errors);
  return { file, scenario: document as Scenario, namespace };
}

/** All scenarios below the paths, or the one called `only`. Ids must be unique: a report names them. */
export function loadScenarios(paths: readonly string[], only?: string): LoadedScenario[] {
  const loaded = filesOf(paths).map((file) => loadScenario(file, readFileSync(file, 'utf8'), randomBytes(3).toString('hex').slice(0, 5)));
  const files = new Map<string, string>();
  for (const { file, scenario } of loaded) {
    const other = files.get(scenario.id);
    if (other !== undefined) throw invalid(file, [`id: ${scenario.id} is also the id of ${other}`]);
    files.set(scenario.id, file);
  }
  const chosen = loaded.filter(({ scenario }) => only === undefined || scenario.id === only);
  if (chosen.length === 0) throw new KubernautError('NotFound', only === undefined ? `there is no scenario below ${paths.join(', ')}` : `there is no scenario ${only}; known: ${[...files.keys()].join(', ')}`);
  return chosen;
}
