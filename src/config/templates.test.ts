import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { actions } from '../actions/index.js';
import { KubernautError } from '../domain/errors.js';
import { loadTemplates } from './templates.js';

const folderWith = (files: Record<string, string>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'templates-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};
const load = (files: Record<string, string>) => loadTemplates(folderWith(files), actions.members);
const problemsOf = (files: Record<string, string>): string => {
  try {
    load(files);
    return 'none';
  } catch (error) {
    return error instanceof KubernautError ? error.message : String(error);
  }
};
const template = (steps: string, more = '') => `id: mine\nversion: 1\nsummary: My own way to answer it.\ncauses: [oom.*]\n${more}rungs:\n  - title: first\n    steps:\n${steps}`;

describe('templates', () => {
  it('ships the six of product.md 2, all valid', () => {
    expect(loadTemplates(undefined, actions.members).map((t) => [t.id, t.origin])).toEqual(
      ['crash-loop', 'generic', 'high-memory', 'network-issue', 'node-issue', 'storage-issue'].map((id) => [id, 'shipped']),
    );
  });

  it('adds those of a folder, and lets one replace a shipped one', () => {
    const all = load({ 'a.yaml': template('      - { id: a, action: restart_pod }\n').replace('id: mine', 'id: generic'), 'notes.txt': 'no template' });
    expect(all.find((t) => t.id === 'generic')).toMatchObject({ origin: 'user', causes: ['oom.*'] });
    expect(all).toHaveLength(6);
  });

  it.each([
    ['an unknown action', template('      - { id: a, action: reboot_everything }\n'), 'reboot_everything'],
    ['a step that needs one that is not there', template('      - { id: a, action: restart_pod, needs: [b] }\n'), 'another step of this rung'],
    ['a circle', template('      - { id: a, action: restart_pod, needs: [b] }\n      - { id: b, action: restart_pod, needs: [a] }\n'), 'circle'],
    ['two steps of one id', template('      - { id: a, action: restart_pod }\n      - { id: a, action: restart_pod }\n'), 'one step per id'],
    ['a parameter the action does not have', template('      - { id: a, action: restart_pod, with: { force: true } }\n'), 'a parameter of restart_pod'],
    ['a parameter the template does not have', template('      - { id: a, action: scale_deployment, with: { replicas: { param: count } } }\n'), 'it has none'],
    ['an unknown key', template('      - { id: a, action: restart_pod, command: ls }\n'), 'command'],
    ['no version', template('      - { id: a, action: restart_pod }\n').replace('version: 1\n', ''), 'version'],
    ['broken YAML', 'id: [', 'YAML'],
  ])('refuses %s and says where', (_what, text, says) => {
    expect(problemsOf({ 'mine.yaml': text })).toContain(says);
    expect(problemsOf({ 'mine.yaml': text })).toContain('mine.yaml');
  });

  it('lists everything that is wrong in all files at once', () => {
    const said = problemsOf({ 'a.yaml': template('      - { id: a, action: nope }\n'), 'b.yaml': 'id: [' });
    expect(said).toContain('a.yaml');
    expect(said).toContain('b.yaml');
  });

  it('refuses two files of one id', () => {
    const text = template('      - { id: a, action: restart_pod }\n');
    expect(problemsOf({ 'a.yaml': text, 'b.yaml': text })).toContain('two files with this id');
  });

  it('names a folder that is not there', () => {
    expect(() => loadTemplates('/nowhere/at/all', actions.members)).toThrow('templates.path');
  });
});
