import { describe, expect, it } from '@jest/globals';
import { withUsage } from './usage.js';

const request = { system: 'hello', prompt: 'hello world' };
const of = (usage: object) => withUsage({ text: 'hello world', model: 'gpt-4o', usage }, request).usage;

describe('what an answer used', () => {
  it.each([
    ['what the provider said stays', { inputTokens: 812, outputTokens: 64 }, { inputTokens: 812, outputTokens: 64 }],
    ['nothing said: both are counted', {}, { inputTokens: 3, outputTokens: 2, isEstimated: true }],
    ['one said: the other is counted', { inputTokens: 7 }, { inputTokens: 7, outputTokens: 2, isEstimated: true }],
    ['nonsense is counted instead', { inputTokens: -5, outputTokens: 1e300 }, { inputTokens: 3, outputTokens: 2, isEstimated: true }],
    ['zero, as some servers say', { inputTokens: 0, outputTokens: 4 }, { inputTokens: 3, outputTokens: 4, isEstimated: true }],
    ['not a number', { inputTokens: NaN, outputTokens: 4 }, { inputTokens: 3, outputTokens: 4, isEstimated: true }],
  ])('%s', (_name, said, usage) => expect(of(said)).toEqual(usage));
});
