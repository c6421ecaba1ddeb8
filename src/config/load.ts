import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TSchema } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import { parseDocument } from 'yaml';
import { durationMs } from '../domain/duration.js';
import { fromEnvironment, leavesOf, type Assignment } from './environment.js';
import { configInvalid, issueOf, type ConfigIssue } from './issues.js';
import { jwtIssues } from './jwt-schema.js';
import { llmIssues } from './llm-schema.js';
import { ConfigSchema, type Config } from './schema.js';
import { policyIssues, unknownChannels } from './policy-issues.js';
import { Secret } from './secret.js';

export interface LoadOptions {
  /** By path: `{ 'gateway.port': 9090 }`. `undefined` = not given. */
  flags?: Readonly<Record<string, unknown>>;
  /** Default: the environment of the process. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Default: `KUBERNAUT_CONFIG`, else `<dataDir>/kubernaut.yaml` when there is one. */
  file?: string;
  /** When given, `policy` may name no other action. */
  actionIds?: readonly string[];
}

export interface Loaded {
  config: Config;
  /** Path of a key → where its value came from; keys that are absent have their default. */
  origins: ReadonlyMap<string, string>;
  /** The file that was read, if any. */
  file?: string;
}

type Tree = Record<string, unknown>;

/** Defaults < kubernaut.yaml < environment < flags. Throws `ConfigInvalid` with every wrong key at once. */
export const loadConfig = (options: LoadOptions = {}): Config => loadWithOrigins(options).config;

export function loadWithOrigins(options: LoadOptions = {}): Loaded {
  const env = options.env ?? process.env;
  const issues: ConfigIssue[] = [];
  const origins = new Map<string, string>();
  const { values, unknown } = fromEnvironment(env);
  const flags = fromFlags(options.flags ?? {});
  const file = fileOf(options, env, [...values, ...flags]);
  const tree = defaultsOf(ConfigSchema) as Tree;
  if (file !== undefined) overlay(tree, readYaml(file, issues), 'kubernaut.yaml', origins);
  for (const { path, value, origin } of [...values, ...flags]) assign(tree, path, value, origin, origins);
  issues.push(...unknown.map((variable) => unknownVariable(variable)), ...problemsOf(tree, options, env));
  if (issues.length > 0) throw configInvalid(issues.map((i) => withOrigin(i, origins)));
  const config = seal(tree, ConfigSchema) as Config;
  config.policy.dryRun ||= config.dryRun;
  return { config, origins, ...(file === undefined ? {} : { file }) };
}

/** The data folder alone, for commands that must work beside a wrong configuration. */
export const dataDirOf = (flag?: string, env: Readonly<Record<string, string | undefined>> = process.env): string =>
  flag || env.KUBERNAUT_DATA_DIR || '.kubernaut';

/** Did the user name this cluster? A bare KUBECONFIG, which many shells export, is not naming one (product.md 7). */
export const isClusterNamed = ({ config, origins }: Loaded): boolean =>
  config.kubernetes.context !== undefined ||
  (config.kubernetes.kubeconfig !== undefined && origins.get('kubernetes.kubeconfig') !== 'KUBECONFIG');

const fromFlags = (flags: Readonly<Record<string, unknown>>): Assignment[] =>
  Object.entries(flags).flatMap(([path, value]) => (value === undefined ? [] : [{ path, value, origin: `--${path}` }]));

function fileOf(options: LoadOptions, env: Readonly<Record<string, string | undefined>>, given: Assignment[]): string | undefined {
  const named = options.file ?? env.KUBERNAUT_CONFIG;
  if (named !== undefined && named !== '') return named;
  const dataDir = given.findLast((a) => a.path === 'dataDir')?.value;
  const usual = join(typeof dataDir === 'string' ? dataDir : '.kubernaut', 'kubernaut.yaml');
  return existsSync(usual) ? usual : undefined;
}

function readYaml(file: string, issues: ConfigIssue[]): Tree {
  const wrong = (got: string, expected: string): Tree => {
    issues.push({ path: file, got, expected, example: 'gateway: { port: 8080 }' });
    return {};
  };
  try {
    const document = parseDocument(readFileSync(file, 'utf8'));
    const first = document.errors[0];
    if (first) return wrong(`invalid YAML at line ${first.linePos?.[0].line ?? '?'} (${first.code})`, 'valid YAML');
    const value: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
    return isMap(value) ? value : wrong('something else', 'a map of settings');
  } catch (error) {
    return wrong((error as NodeJS.ErrnoException).code ?? 'an error', 'a file that can be read');
  }
}

function defaultsOf(schema: TSchema): unknown {
  if (!schema.properties || schema.additionalProperties !== false) return structuredClone(schema.default);
  const own: Tree = structuredClone((schema.default as Tree | undefined) ?? {});
  for (const [key, child] of Object.entries(schema.properties as Record<string, TSchema>)) {
    const value = child.default === undefined ? undefined : defaultsOf(child);
    if (value !== undefined && own[key] === undefined) own[key] = value;
  }
  return own;
}

/** Maps are merged key by key, everything else is replaced; a key with nothing behind it counts as absent. */
function overlay(tree: Tree, over: Tree, origin: string, origins: Map<string, string>, prefix = ''): void {
  for (const [key, value] of Object.entries(over)) {
    if (value === null || value === undefined || key === '__proto__') continue;
    const path = prefix ? `${prefix}.${key}` : key;
    origins.set(path, origin);
    if (isMap(value) && isMap(tree[key])) overlay(tree[key], value, origin, origins, path);
    else tree[key] = structuredClone(value);
  }
}

const isMap = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function assign(tree: Tree, path: string, value: unknown, origin: string, origins: Map<string, string>): void {
  const over = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree;
  overlay(tree, over, origin, origins);
}

const validate = new Ajv({ allErrors: true, verbose: true, strict: false, formats: { secret: true } }).compile(ConfigSchema);

function problemsOf(tree: Tree, options: LoadOptions, env: Readonly<Record<string, string | undefined>>): ConfigIssue[] {
  const issues = validate(tree) ? [] : (validate.errors ?? []).map(issueOf);
  const isSound = (path: string): boolean => !issues.some((i) => i.path === path || path.startsWith(`${i.path}.`) || i.path.startsWith(`${path}.`));
  issues.push(...unknownActions(tree as unknown as Config, options.actionIds, isSound));
  if (isSound('policy')) issues.push(...policyIssues((tree as unknown as Config).policy, options.actionIds));
  if (isSound('policy') && isSound('channels')) issues.push(...unknownChannels(tree as unknown as Config));
  if (isSound('gateway.jwt')) issues.push(...jwtIssues((tree as unknown as Config).gateway.jwt));
  if (isSound('llm')) issues.push(...llmIssues((tree as unknown as Config).llm));
  if (isSound('effectiveness.horizons')) issues.push(...unorderedHorizons(tree as unknown as Config));
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    issues.push({ path: 'NODE_TLS_REJECT_UNAUTHORIZED', got: '0', expected: 'certificates to be checked; trust a private CA with NODE_EXTRA_CA_CERTS', example: '(unset)' });
  }
  return issues;
}

/** Beside other wrong keys the tree may have any shape: what is not a map has been reported already. */
function unknownActions({ policy }: Config, actionIds: readonly string[] | undefined, isSound: (path: string) => boolean): ConfigIssue[] {
  if (!actionIds || !isMap(policy)) return [];
  const namespaces: Tree = isMap(policy.namespaces) ? policy.namespaces : {};
  const environments: Tree = isMap(policy.environments) ? policy.environments : {};
  const placesIn = (key: string, places: Tree) => Object.entries(places).map(([name, p]): [string, unknown] => [`policy.${key}.${name}.actions`, isMap(p) ? p.actions : undefined]);
  const maps: [string, unknown][] = [['policy.actions', policy.actions], ...placesIn('namespaces', namespaces), ...placesIn('environments', environments)];
  return maps.flatMap(([path, map]) =>
    Object.keys(isMap(map) ? map : {}).filter((id) => !actionIds.includes(id) && isSound(`${path}.${id}`)).map((id) => ({
      path: `${path}.${id}`, got: 'an unknown action', expected: `one of ${actionIds.join(', ')}`, example: actionIds[0] ?? '',
    })),
  );
}

function unorderedHorizons({ effectiveness: { horizons } }: Config): ConfigIssue[] {
  const isAscending = horizons.length > 0 && horizons.every((h, i) => i === 0 || durationMs(h) > durationMs(horizons[i - 1]!));
  return isAscending ? [] : [{ path: 'effectiveness.horizons', got: horizons.join(',') || 'nothing', expected: 'at least one, ascending', example: '30s,2m,30m' }];
}

const unknownVariable = (variable: string): ConfigIssue => {
  const near = leavesOf().map((l) => l.variable).filter((v) => v.split('_')[1] === variable.split('_')[1]);
  return { path: variable, got: 'an unknown variable', expected: `one of ${near.join(', ')}`, example: near[1] ?? near[0] ?? '' };
};

function withOrigin(issue: ConfigIssue, origins: ReadonlyMap<string, string>): ConfigIssue {
  const parts = issue.path.split('.');
  for (let length = parts.length; length > 0; length--) {
    const origin = origins.get(parts.slice(0, length).join('.'));
    if (origin !== undefined) return { ...issue, origin };
  }
  return issue;
}

/** Every text that the schema marks `format: "secret"` becomes a Secret. */
function seal(value: unknown, schema: TSchema): unknown {
  if (schema.format === 'secret' && typeof value === 'string') return new Secret(value);
  if (Array.isArray(value)) return value.map((v) => seal(v, (schema.items ?? {}) as TSchema));
  if (!isMap(value)) return value;
  const properties = (schema.properties ?? {}) as Record<string, TSchema>;
  const [ofAny] = Object.values((schema.patternProperties ?? {}) as Record<string, TSchema>);
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, seal(v, properties[k] ?? ofAny ?? ({} as TSchema))]));
}
