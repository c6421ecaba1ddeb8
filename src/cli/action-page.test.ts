import { describe, expect, it } from '@jest/globals';
import { kubernaut } from '../../test/support/cli.js';
import { actions } from '../actions/index.js';
import { actionPage, boundsOf } from './action-page.js';

describe('the catalogue on the command line', () => {
  it.each(actions.members.map((a) => [a.id, a] as const))('%s has a page with parameters, example and permissions', (id, action) => {
    const page = actionPage(action);
    for (const title of ['Parameters', 'Example', 'Permissions', 'Undo', id]) expect(page).toContain(title);
  });

  it('works without a gateway, and takes other spellings of an id', async () => {
    const { code, out } = await kubernaut('actions', 'ScaleDeployment', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id: 'scale_deployment', undo: 'exact', timeout_seconds: 300 });
  });

  it('lists every action by name', async () => expect((await kubernaut('actions', '-o', 'name')).out.trim().split('\n')).toEqual([...actions.ids]));

  it.each([
    [{ type: 'integer', minimum: 1, maximum: 9 }, 'integer 1..9'],
    [{ type: 'string', enum: ['a', 'b'] }, 'a | b'],
    [{ anyOf: [{ const: 'x' }, { type: 'boolean' }] }, '"x" | boolean'],
    [{ type: 'array', maxItems: 3, items: { type: 'string', pattern: '^a$' } }, 'list ..3 of text ^a$'],
    [{ type: 'integer', default: 5 }, 'integer, default 5'],
  ])('%j reads as %s', (schema, text) => expect(boundsOf(schema)).toBe(text));
});
