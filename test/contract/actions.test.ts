import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from '@jest/globals';
import { actions, type Action, type ActionId } from '../../src/actions/index.js';
import { ACTION_CASES } from '../support/actions/index.js';
import { fileOf, itKeepsTheContractOfActions } from './checks/action-contract.js';

const FOLDER = join(process.cwd(), 'src', 'actions');
const members = actions.members.map((action): [ActionId, Action] => [action.id, action]);

describe('the catalogue of actions', () => {
  it('holds every file of the folder that defines one, and no other', () => {
    const defining = readdirSync(FOLDER).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && readFileSync(join(FOLDER, file), 'utf8').includes('= defineAction('));
    expect(defining.sort()).toEqual(actions.ids.map(fileOf).sort());
  });
});

describe.each(members)('%s', (id, action) => {
  itKeepsTheContractOfActions({ action, fixture: ACTION_CASES[id].fixture, folder: FOLDER, catalogue: actions });
});

describe('restart_pod, rolling', () => {
  it.each(['Deployment', 'StatefulSet'])('finds a %s from its locators', (kind) => {
    const action = actions.get('restart_pod');
    const ref = { apiVersion: 'apps/v1', kind, namespace: 'shop', name: 'api' };
    expect(action.targetOf(action.locate(ref) as never)).toEqual(ref);
    expect(Value.Check(action.params, action.locate(ref))).toBe(true);
  });
});

describe('collect_diagnostics, its target', () => {
  it.each(['Secret/api', 'ConfigMap/api', 'deployment/api', 'Deployment/', 'Deployment', 'Deployment/*', 'Deployment/api,web', 'Deployment/api/x', 'Deployment/Api', 'Deployment/api\n'])('cannot be %j', (target) => {
    expect(Value.Check(actions.get('collect_diagnostics').params, { namespace: 'shop', target })).toBe(false);
  });
});
