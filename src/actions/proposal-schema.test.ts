import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { actions, canonicalActionId } from './index.js';
import { parametersFor, proposalSchema } from './proposal-schema.js';

const validate = new Ajv({ strict: false }).compile(proposalSchema(actions.members, ['t1', 't2']));
const proposal = { action: 'scale_deployment', target_id: 't1', parameters: { replicas: 4 }, confidence: 0.8, reason: 'more load' };

describe('what a model may propose', () => {
  it('is an action, a target of the list and the parameters that do not name objects', () => {
    expect(validate(proposal)).toBe(true);
  });

  it.each([
    ['an unknown action', { ...proposal, action: 'delete_namespace' }],
    ['a target that is not in the list', { ...proposal, target_id: 't9' }],
    ['a name of its own', { ...proposal, parameters: { replicas: 4, name: 'other' } }],
    ['a namespace of its own', { ...proposal, parameters: { replicas: 4, namespace: 'kube-system' } }],
    ['an extra key', { ...proposal, force: true }],
    ['a number as a string', { ...proposal, parameters: { replicas: '4' } }],
    ['a confidence of two', { ...proposal, confidence: 2 }],
    ['a missing reason', { ...proposal, reason: undefined }],
    ['a channel', { ...proposal, action: 'notify_only', parameters: { summary: 'x', channel: 'slack' } }],
    ["another action's parameters", { ...proposal, action: 'cordon_node' }],
  ])('refuses %s', (_what, item) => {
    expect(validate(JSON.parse(JSON.stringify(item)))).toBe(false);
  });

  it('offers every action with nothing that names an object', () => {
    const items = proposalSchema(actions.members).anyOf as { properties: { action: { const: string }; parameters: { properties: object } } }[];
    expect(items.map((i) => i.properties.action.const)).toEqual([...actions.ids]);
    const names = items.flatMap((i) => Object.keys(i.properties.parameters.properties));
    expect(names).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(namespace|name|node|pod|workload|kind|target|channel)$/)]));
  });

  it('fills the locators in from the chosen target, over anything the model wrote', () => {
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' };
    expect(parametersFor(actions.get('scale_deployment'), target, { replicas: 4, name: 'other' })).toEqual({ namespace: 'shop', name: 'api', replicas: 4 });
  });

  it.each([
    ['ScaleDeployment', 'scale_deployment'], ['UpdateHPA', 'update_hpa'], ['ExpandPVC', 'expand_pvc'], ['RestartPod', 'restart_pod'],
    ['scale_deployment', 'scale_deployment'], ['NotifyOnly', 'notify_only'],
  ])('knows %s as %s', (alias, id) => {
    expect(canonicalActionId(alias)).toBe(id);
  });
});
