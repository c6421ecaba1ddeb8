import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from '@jest/globals';
import { deploymentOf, factsOf } from '../../test/support/objects.js';
import { notifyOnly } from './notify-only.js';

const object = deploymentOf();
const plan = (summary: string) => notifyOnly.plan(object, { summary }, factsOf([object]));

describe('notify_only', () => {
  it('writes nothing and records what is told', async () => {
    expect(plan('Two replicas are Pending.').changes).toEqual([]);
    await expect(notifyOnly.run!({ summary: 'Two replicas are Pending.' }, factsOf([object]), {} as never)).resolves.toEqual({ detail: 'Two replicas are Pending.' });
  });

  it.each(['see https://evil.example/x', 'tell @here', '<!channel> wake up', 'ask <@U123>', 'ä'.repeat(3000)])('refuses %s', (summary) => {
    expect(() => plan(summary)).toThrow(expect.objectContaining({ code: 'InvalidParams' }));
  });

  it.each([['nothing', ''], ['a zero-width space', 'a\u200bb'], ['a bidi override', 'a\u202eb'], ['an escape', '\u001b[31m'], ['too much', 'x'.repeat(4097)]])('has no schema for %s', (_what, summary) => {
    expect(Value.Check(notifyOnly.params, { summary })).toBe(false);
  });
});
