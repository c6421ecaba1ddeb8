import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from '@sinclair/typebox/value';
import { expect, it } from '@jest/globals';
import type { Action } from '../../../src/actions/index.js';
import { locatorKeys } from '../../../src/actions/proposal-schema.js';
import { createPlanStep } from '../../../src/activities/plan-step.js';
import { invertAll } from '../../../src/domain/change.js';
import { refOf } from '../../../src/domain/kube.js';
import { DEFAULT_POLICY } from '../../../src/domain/policy.js';
import { shortHash } from '../../../src/domain/target.js';
import type { Registry } from '../../../src/domain/registry.js';
import type { ActionFixture } from '../../support/actions/action-case.js';
import { ACTION_ID, deepFreeze, evidenceOf, factsOf, NOW } from '../../support/objects.js';

export const fileOf = (id: string) => `${id.replaceAll('_', '-')}.ts`;
const isWriting = (action: Action) => action.run === undefined;

interface Property {
  type?: string;
  pattern?: string;
  minimum?: number;
}

const propertiesOf = (action: Action) => Object.entries(action.params.properties as unknown as Record<string, Property>);

/** Keys of the parameters that hold a name, whatever they are called. */
const nameKeysOf = (action: Action) =>
  propertiesOf(action).flatMap(([key, schema]) => (schema.type === 'string' && ['namespace', 'name', 'node', 'pod', 'workload', 'container'].includes(key) ? [key] : []));

const factsFor = (fixture: ActionFixture, object = fixture.object, others = fixture.others) => factsOf([object, ...others], { problems: fixture.problems, history: fixture.history, apis: fixture.apis, limits: fixture.limits });

function planOf(action: Action, fixture: ActionFixture, object = fixture.object, others = fixture.others) {
  const input = deepFreeze({ object, params: fixture.params, facts: { ...factsFor(fixture, object, others) } });
  return action.plan(input.object, input.params as never, input.facts);
}

const badNames: [string, unknown][] = [
  ['nothing', ''], ['a wildcard', '*'], ['a prefix wildcard', 'api-*'], ['a list', 'api,web'], ['a selector', 'app=api'], ['capital letters', 'Api'],
  ['a Cyrillic homoglyph', '\u0430pi'], ['a full-width letter', '\uff41pi'], ['a trailing space', 'api '], ['a trailing line break', 'api\n'], ['a path', '../api'],
  ['a slash', 'shop/api'], ['a zero-width space', 'a\u200bpi'], ['a bidi override', '\u202eapi'], ['a NUL', 'a\u0000'], ['254 bytes', 'a'.repeat(254)],
  ['two dots', 'a..b'], ['a leading dash', '-api'], ['a number', 7], ['a list of names', ['api']], ['an object', { toString: 'api' }],
];

const badIntegers: [string, unknown][] = [
  ['a string', '4'], ['a float', 2.5], ['NaN', NaN], ['Infinity', Infinity], ['-0', -0], ['0', 0], ['a negative', -1], ['hex text', '0x4'], ['an exponent', '1e1'],
  ['Arabic digits', '\u0664'], ['too many', 2 ** 53], ['a bigint', 4n], ['a percentage', '50%'], ['a delta', '+2'], ['true', true],
];

const badQuantities = {
  memory: ['512m', '512', 512, '-1Gi', '1.5Gi', '1e3Mi', '0Mi', '512MI', '512 Mi', '\u0661Gi', '99999999Gi', ''],
  cpu: ['500', '0', '-1', '1.5', '1e3m', 2, '500M', '129', '', '0m'],
};

const badDurations = ['0s', '0m', '-5m', '30', 30, '1.5h', '1h30m', 'PT30M', '', '30 m', '999999s', 'forever'];

export interface ActionUnderTest {
  action: Action;
  fixture: ActionFixture;
  /** Where the file of its name is. */
  folder: string;
  catalogue: Registry<Action>;
}

/** What holds for every action of the catalogue. Call it inside a `describe`. */
export function itKeepsTheContractOfActions({ action, fixture, folder, catalogue }: ActionUnderTest): void {
  const { id } = action;

  it('is defined in the file of its name', () => {
    expect(existsSync(join(folder, fileOf(id)))).toBe(true);
  });

  it('says in one sentence what it does', () => {
    expect(action.summary).toMatch(/^[A-Z].{15,200}\.$/);
  });

  it('has a closed schema that takes its example and the parameters of its fixture', () => {
    expect(action.params.additionalProperties).toBe(false);
    expect(Value.Check(action.params, action.example)).toBe(true);
    expect(Value.Check(action.params, fixture.params)).toBe(true);
  });

  it('has an undo, or says why there is none', () => {
    if (typeof action.undo === 'object') expect(action.undo.irreversible.length).toBeGreaterThan(10);
    else expect(['exact', 'partial']).toContain(action.undo);
  });

  it('names the permissions of its writes, without wildcards', () => {
    if (isWriting(action)) expect(action.permissions.length).toBeGreaterThan(0);
    // whole words: `externalsecrets` and `rolebindings` are resources of their own
    for (const word of action.permissions.flatMap((p) => [p.resource, p.group, ...p.verbs])) expect(word).not.toMatch(/\*|^(secrets|escalate|bind|impersonate)$/);
    if (!isWriting(action)) expect(action.permissions.flatMap((p) => p.verbs)).not.toEqual(expect.arrayContaining([expect.stringMatching(/create|update|patch|delete/)]));
  });

  it('finds its object from its locators, for every kind it acts on', () => {
    for (const kind of action.targets) {
      const ref = { ...action.targetOf({ ...fixture.params, ...action.locate({ apiVersion: '', kind, namespace: 'shop', name: 'api' }) } as never) };
      if (kind !== 'Pod' && locatorKeys(action).includes('pod')) continue; // the fixture names a pod; the rolling variant is below
      expect(ref).toMatchObject({ kind, name: 'api' });
    }
    if (action.targets.length > 0) expect(action.targetOf(fixture.params as never)).toEqual(refOf(fixture.object));
  });

  it('plans without writing to what it reads, and the same twice', () => {
    expect(planOf(action, fixture)).toEqual(planOf(action, fixture));
  });

  it('plans pinned writes where it writes, none where it only reads', () => {
    const { changes } = planOf(action, fixture);
    if (!isWriting(action)) expect(changes).toEqual([]);
    for (const change of changes) {
      if (change.op === 'create') expect(change.object.metadata.name).toMatch(new RegExp(`^kb-${shortHash(ACTION_ID)}`));
      else expect(change).toMatchObject({ uid: expect.stringMatching(/^uid-/) });
    }
    expect(changes.length > 0).toBe(isWriting(action));
  });

  it('plans nothing when what it wants is there already', () => {
    if (typeof fixture.satisfied === 'string') {
      expect(fixture.satisfied.length).toBeGreaterThan(10);
      return;
    }
    expect(planOf(action, fixture, fixture.satisfied.object, fixture.satisfied.others ?? fixture.others).changes).toEqual([]);
  });

  it('becomes a step with its undo recorded', () => {
    const evidence = evidenceOf([fixture.object, ...fixture.others], { problems: fixture.problems, history: fixture.history, apis: fixture.apis });
    const policy = { ...DEFAULT_POLICY, ...(fixture.limits ? { actions: { [id]: fixture.limits } } : {}) };
    const target = { ...refOf(fixture.object), uid: fixture.object.metadata.uid };
    const step = createPlanStep({ actions: catalogue })({ proposal: { action: id, target, parameters: fixture.params, confidence: 1, reason: 'x', source: 'rules', by: 'test' }, evidence, policy, ordinal: 3, actionId: ACTION_ID, now: NOW });
    expect(step).toMatchObject({ ordinal: 3, action: id, target: { cluster: 'test', ...target }, isWriting: isWriting(action) });
    if (action.undo === 'exact') expect(step.undo).toEqual({ kind: 'exact', changes: invertAll(step.changes) });
    if (typeof action.undo === 'object') expect(step.undo).toEqual({ kind: 'none', why: action.undo.irreversible });
  });

  /** actions.md 1.8 */
  const refused: [string, unknown][] = [
    ['an unknown key', { ...fixture.params, extra: 1 }],
    ...['force', 'gracePeriodSeconds', 'ignorePDB', 'skipApproval', 'dryRun', '__proto__x', 'command', 'image'].map((key): [string, unknown] => [key, { ...fixture.params, [key]: key === 'dryRun' ? false : true }]),
    ['a list', [fixture.params]],
    ['null', null],
    ['text', JSON.stringify(fixture.params)],
    ...Object.keys(fixture.params)
      .filter((key) => (action.params.required ?? []).includes(key))
      .map((key): [string, unknown] => [`a missing ${key}`, { ...fixture.params, [key]: undefined }]),
    ...nameKeysOf(action).flatMap((key) => badNames.map(([what, value]): [string, unknown] => [`${what} as ${key}`, { ...fixture.params, [key]: value }])),
    ...propertiesOf(action).flatMap(([key, schema]) => (schema.type === 'integer' ? badIntegers.map(([what, value]): [string, unknown] => [`${what} as ${key}`, { ...fixture.params, [key]: value }]) : [])),
    ...propertiesOf(action).flatMap(([key]) => (['cpu', 'memory'].includes(key) ? badQuantities[key as 'cpu' | 'memory'].map((value): [string, unknown] => [`${key} ${String(value)}`, { ...fixture.params, [key]: value }]) : [])),
    ...propertiesOf(action).flatMap(([key]) => (['deadline', 'ttl'].includes(key) ? badDurations.map((value): [string, unknown] => [`${key} ${String(value)}`, { ...fixture.params, [key]: value }]) : [])),
  ];

  it.each(refused)('refuses %s', (_what, parameters) => {
    expect(Value.Check(action.params, parameters)).toBe(false);
  });
}
