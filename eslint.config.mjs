import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';

/**
 * Who may import values from whom (docs/architecture.md). Types are free.
 * `from` = folders of src/ whose values are allowed, besides the folder itself.
 */
const IMPORTS = {
  domain: [],
  contracts: ['domain'],
  cel: ['contracts', 'domain'],
  policy: ['cel', 'contracts', 'domain'],
  actions: ['contracts', 'domain'],
  analyzers: ['contracts', 'domain'],
  sources: ['contracts', 'domain'],
  channels: ['contracts', 'domain'],
  models: ['contracts', 'domain'],
  adapters: ['contracts', 'domain'],
  activities: ['actions', 'analyzers', 'sources', 'channels', 'models', 'contracts', 'domain'],
  workflows: ['domain'],
  config: ['contracts', 'domain', 'cel', 'policy', 'actions', 'analyzers', 'sources', 'channels', 'models'],
  gateway: ['sources', 'actions', 'contracts', 'domain', 'config', 'adapters'],
  workers: ['activities', 'actions', 'analyzers', 'sources', 'channels', 'models', 'adapters', 'contracts', 'domain', 'config', 'policy', 'workflows'],
  cli: ['sources', 'actions', 'analyzers', 'channels', 'models', 'contracts', 'domain', 'config', 'policy', 'adapters', 'gateway', 'workers'],
};

const FOLDERS = Object.keys(IMPORTS);

/** Packages a folder may take values of; absent = any. */
const PACKAGES = {
  domain: '^(?!\\.)',
  contracts: '^(?!\\.|@sinclair/typebox)',
  workflows: '^(?!\\.|@temporalio/workflow$)',
};

/** One block per folder: a later block for the same files would replace the rule, not add to it. */
const importTable = FOLDERS.map((folder) => {
  const forbidden = FOLDERS.filter((other) => other !== folder && !IMPORTS[folder].includes(other));
  const allowed = [folder, ...IMPORTS[folder]].join(', ');
  const patterns = [
    { regex: `^(\\.\\./)+(${forbidden.join('|')})/`, allowTypeImports: true, message: `src/${folder} may import values from ${allowed} only (docs/architecture.md)` },
    ...(PACKAGES[folder] ? [{ regex: PACKAGES[folder], allowTypeImports: true, message: `src/${folder} takes no such package (docs/architecture.md)` }] : []),
  ];
  return {
    files: [`src/${folder}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'docs/**', 'test/fixtures/**', 'coverage/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      complexity: ['error', 10],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'the environment is read in src/config/load.ts alone' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true, maxDepth: 8 }],
    },
  },
  ...importTable,
  { files: ['src/config/load.ts', 'scripts/**', '**/*.test.ts', 'test/**', 'bench/**', 'bin/**'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['**/*.test.ts', 'test/**/*.ts', 'bench/**/*.ts'], rules: { 'max-lines-per-function': 'off', 'max-lines': 'off', '@typescript-eslint/no-explicit-any': 'off' } },
);
