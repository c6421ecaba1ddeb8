import { describe, expect, it } from '@jest/globals';
import { actions } from '../../actions/index.js';
import { answerSchema } from './answer.js';
import { misfitOf } from './fits.js';

const targetOf = (id: string) => ({ id, ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: id } });
const look = (tool: string, ids: string[]) => ({
  type: 'object', additionalProperties: false, required: ['tool', 'target_id'], properties: { tool: { type: 'string', const: tool }, target_id: { type: 'string', enum: ids } },
});
const schemaOf = (ids: string[]) =>
  answerSchema({ actions: actions.members, targets: ids.map(targetOf), ask: { item: { anyOf: [look('logs', ['t1']), look('describe', [...ids, 'o1'])] }, most: 2 } });
const proposal = (target_id: string) => ({ action: 'restart_pod', target_id, parameters: {}, confidence: 0.5, reason: 'x' });
const answer = (more: object) => ({ reasoning: 'x', proposals: [], ...more });

describe('an answer and its schema', () => {
  it.each<[string, object, string | undefined]>([
    ['nothing proposed', {}, undefined],
    ['a target of the list', { proposals: [proposal('t2')] }, undefined],
    ['a target of another list', { proposals: [proposal('t1'), proposal('o1')] }, '/proposals/1/target_id: enum'],
    ['a look at what that tool looks at', { ask: [{ tool: 'describe', target_id: 'o1' }] }, undefined],
    ['a look at what only another tool looks at', { ask: [{ tool: 'logs', target_id: 't2' }] }, '/ask/0/target_id: enum'],
    ['an id that is no text', { proposals: [proposal(7 as never)] }, expect.stringContaining('/proposals/0') as never],
    ['a member too many', { extra: 1 }, 'answer: additionalProperties'],
    ['too many looks', { ask: Array(3).fill({ tool: 'describe', target_id: 't1' }) }, '/ask: maxItems'],
  ])('%s', (_name, more, misfit) => expect(misfitOf(schemaOf(['t1', 't2']), answer(more))).toEqual(misfit));

  it('keeps the ids of one remediation from another, though their form is compiled once', () => {
    expect(misfitOf(schemaOf(['t1']), answer({ proposals: [proposal('t2')] }))).toBe('/proposals/0/target_id: enum');
    expect(misfitOf(schemaOf(['t1', 't2']), answer({ proposals: [proposal('t2')] }))).toBeUndefined();
  });
});
