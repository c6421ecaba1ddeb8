import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { loadConfig } from '../../config/load.js';
import { checkFilters } from './filters.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'filters.yaml');
const look = (text?: string) => {
  if (text !== undefined) writeFileSync(path, text);
  const config = loadConfig({ env: text === undefined ? {} : { FILTER_CONFIG_PATH: path } });
  return checkFilters({ config }, '2030-01-02T00:00:00Z');
};

it.each([
  ['no file', undefined, { state: 'ok', detail: 'the shipped rules' }],
  ['a good file', 'rules: [{ name: a, when: "true", route: { to: x } }]', { state: 'ok', detail: `1 rules of ${path}, 7 shipped ones` }],
  ['an expired rule', 'rules: [{ name: a, when: "true", suppress: { owner: o, reason: r, expires: "2030-01-01T00:00:00Z" } }]', { state: 'warn', detail: 'expired and without effect: a' }],
  ['a bad file', 'rules: {}', { state: 'fail', next: `kubernaut filters test ${path}` }],
])('%s', async (_what, text, check) => expect(await look(text)).toEqual([expect.objectContaining({ check: 'filters', ...check })]));
