import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inOrder } from './plan-graph.js';

const step = (ordinal: number, ...needs: number[]) => ({ ordinal, needs });
const ordinals = (steps: { ordinal: number }[]) => steps.map((s) => s.ordinal);

describe('the order of a plan', () => {
  it('keeps independent steps where they stand', () => {
    expect(ordinals(inOrder([step(2), step(0), step(1)]))).toEqual([2, 0, 1]);
  });

  it('puts a step behind all that it needs', () => {
    expect(ordinals(inOrder([step(0, 2), step(1, 0), step(2)]))).toEqual([2, 0, 1]);
  });

  it('refuses a step that needs one that is not there', () => {
    expect(() => inOrder([step(0, 7)])).toThrow('step 0 needs step 7, which is not in the plan');
  });

  it('refuses a circle and names its steps', () => {
    expect(() => inOrder([step(0), step(1, 2), step(2, 1)])).toThrow('steps 1, 2 need each other in a circle');
    expect(() => inOrder([step(0, 0)])).toThrow('circle');
  });

  it('holds for any graph without a circle', () => {
    const graphs = fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { maxLength: 10 }).map((needs) => needs.map((list, i) => step(i, ...list.filter((n) => n < i))));
    fc.assert(
      fc.property(graphs, fc.infiniteStream(fc.nat()), (steps, salt) => {
        const shuffled = steps.map((s) => ({ s, at: salt.next().value as number })).sort((a, b) => a.at - b.at).map(({ s }) => s);
        const order = ordinals(inOrder(shuffled));
        expect([...order].sort((a, b) => a - b)).toEqual(ordinals(steps));
        for (const { ordinal, needs } of steps) for (const n of needs) expect(order.indexOf(n)).toBeLessThan(order.indexOf(ordinal));
      }),
    );
  });
});
