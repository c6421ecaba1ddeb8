import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';
import { bundleWorkflows } from '../../src/workers/bundle.js';

const SRC = 'src';
const BUNDLE_CEILING_KIB = 700;

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts')).map((f) => join(folder, f));
const sources = filesOf(SRC).filter((f) => !f.endsWith('.test.ts'));
const textOf = (file: string): string => readFileSync(file, 'utf8');
/** Code without its comments: what a comment mentions is not used. */
const codeOf = (file: string): string => textOf(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
const foldersOf = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name).sort();

/** Value imports and re-exports, static and dynamic; `import type` is free. */
const importsOf = (code: string): string[] =>
  [...code.matchAll(/^\s*(?:import|export)\s(?!type\b)[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|^\s*import\s+'([^']+)'/gm)].map((m) => (m[1] ?? m[2] ?? m[3])!);

describe('src/domain', () => {
  it.each(filesOf(join(SRC, 'domain')).filter((f) => !f.endsWith('.test.ts')))('%s imports neither a package nor a Node builtin, and knows no clock and no environment', (file) => {
    const code = codeOf(file);
    expect(importsOf(code).filter((from) => !from.startsWith('.'))).toEqual([]);
    expect(importsOf(code).filter((from) => builtinModules.includes(from.replace(/^node:/, '')))).toEqual([]);
    expect(code).not.toMatch(/Date\.now\(|new Date\(\)|Math\.random\(|process\.|globalThis|\brequire\(/);
  });
});

describe('what is done in one place', () => {
  it('reads the environment in src/config/load.ts alone', () => {
    expect(sources.filter((f) => /process\.env\b|process\[['"]env/.test(codeOf(f)))).toEqual([join(SRC, 'config', 'load.ts')]);
  });

  it('makes ApplicationFailure in activities/boundary.ts and workflows alone', () => {
    const made = sources.filter((f) => /new ApplicationFailure\(|ApplicationFailure\.\w+\(/.test(codeOf(f)));
    expect(made.filter((f) => f !== join(SRC, 'activities', 'boundary.ts') && !f.startsWith(join(SRC, 'workflows')))).toEqual([]);
    expect(made).toContain(join(SRC, 'activities', 'boundary.ts'));
  });

  it('keeps no state in workflow modules', () => {
    const stateful = filesOf(join(SRC, 'workflows')).filter((f) => /^(export )?(let|var)\s/m.test(codeOf(f)));
    expect(stateful).toEqual([]);
  });
});

/** A value import that must be refused and one that must be allowed, per folder. Type imports of the refused one are free. */
const TABLE: [folder: string, refused: string, allowed: string][] = [
  ['domain', '../contracts/api.js', './errors.js'],
  ['domain', 'node:crypto', './errors.js'],
  ['domain', '@sinclair/typebox', './errors.js'],
  ['contracts', '../actions/index.js', '../domain/errors.js'],
  ['contracts', 'ajv', '@sinclair/typebox'],
  ['cel', '../config/filters.js', '../domain/expression.js'],
  ['policy', '../config/filters.js', '../cel/expression.js'],
  ['actions', '../adapters/postgres/store.js', '../domain/errors.js'],
  ['analyzers', '../actions/index.js', '../domain/errors.js'],
  ['sources', '../gateway/app.js', '../contracts/api.js'],
  ['channels', '../config/load.js', '../contracts/notification.js'],
  ['models', '../activities/analyze.js', '../domain/errors.js'],
  ['adapters', '../actions/index.js', '../domain/errors.js'],
  ['activities', '../adapters/postgres/store.js', '../actions/index.js'],
  ['workflows', '../actions/index.js', '../domain/plan.js'],
  ['workflows', '@sinclair/typebox', '@temporalio/workflow'],
  ['workflows', 'node:fs', '@temporalio/workflow'],
  ['config', '../adapters/postgres/store.js', '../channels/index.js'],
  ['gateway', '../workers/compose.js', '../sources/index.js'],
  ['gateway', '../activities/enrich.js', '../config/load.js'],
  ['workers', '../gateway/app.js', '../activities/enrich.js'],
  ['workers', '../cli/exit.js', '../adapters/postgres/store.js'],
  ['cli', '../activities/enrich.js', '../gateway/app.js'],
];

describe('the import table', () => {
  // Only the rule under test: the snippets stand for files that are not there, so what resolves files cannot judge them.
  const eslint = new ESLint({ ruleFilter: ({ ruleId }) => ruleId === '@typescript-eslint/no-restricted-imports' });
  const verdict = async (folder: string, statement: string): Promise<string[]> => {
    const [result] = await eslint.lintText(`${statement}\n`, { filePath: join(SRC, folder, 'snippet.ts') });
    return result!.messages.map((m) => m.ruleId ?? m.message);
  };

  it.each(TABLE)('src/%s: no value of %s, any type of it, values of %s', async (folder, refused, allowed) => {
    expect(await verdict(folder, `import { a } from '${refused}';\nexport const b = a;`)).toEqual(['@typescript-eslint/no-restricted-imports']);
    expect(await verdict(folder, `import type { A } from '${refused}';\nexport type B = A;`)).toEqual([]);
    expect(await verdict(folder, `import { a } from '${allowed}';\nexport const b = a;`)).toEqual([]);
  }, 30_000);

  it('covers every folder of src', () => {
    const withCode = foldersOf(SRC).filter((folder) => filesOf(join(SRC, folder)).length > 0);
    expect([...new Set(TABLE.map(([folder]) => folder))].sort()).toEqual(withCode);
  });
});

describe('docs/architecture.md', () => {
  it.each(foldersOf(SRC))('has one sentence about src/%s', (folder) => {
    expect(textOf(join('docs', 'architecture.md'))).toMatch(new RegExp(`^\\| \`${folder}/\` \\| [^|]{20,}\\.`, 'm'));
  });

  it('names files that are there', () => {
    const named = [...textOf(join('docs', 'architecture.md')).matchAll(/`((?:src|sandbox|temporal|test)\/[\w./-]+\.(?:ts|go|md))`/g)].map((m) => m[1]!);
    expect(named.length).toBeGreaterThan(10);
    for (const file of named) expect({ file, lines: textOf(file).length > 0 }).toEqual({ file, lines: true });
  });
});

describe('the workflow bundle', () => {
  it(`stays under ${BUNDLE_CEILING_KIB} KiB without its source map: every cached workflow pays for it`, async () => {
    // As `npm run build` does it: bundled from the sources, it would be another compiler's output.
    const built = mkdtempSync(resolve('node_modules', '.bundle-'));
    execFileSync(resolve('node_modules', '.bin', 'swc'), ['src/workflows', 'src/domain', '-d', built, '--ignore', '**/*.test.ts'], { env: { ...process.env, NODE_OPTIONS: '' } });
    const { code } = await bundleWorkflows({ log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} }, join(built, 'src', 'workflows', 'index.js')).finally(() => rmSync(built, { recursive: true }));
    const sizeKib = Buffer.byteLength(code.replace(/\/\/# sourceMappingURL=.*$/ms, '')) / 1024;
    expect(sizeKib).toBeLessThan(BUNDLE_CEILING_KIB);
  }, 120_000);
});
