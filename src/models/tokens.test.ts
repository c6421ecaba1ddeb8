import { describe, expect, it } from '@jest/globals';
import { countTokens } from './tokens.js';

describe('tokens of a text', () => {
  // the counts of OpenAI's cookbook, "How to count tokens with tiktoken"
  it.each([
    ['nothing', '', 'gpt-4o', 0],
    ['two words', 'hello world', 'gpt-4o', 2],
    ['with the older table', 'お誕生日おめでとう', 'gpt-4', 9],
    ['with the newer table', 'お誕生日おめでとう', 'gpt-4.1', 8],
    ['an unknown model', 'hello world', 'claude-x', 2],
    ['no model', 'hello world', undefined, 2],
  ])('%s', (_name, text, model, tokens) => expect(countTokens(text, model)).toBe(tokens));

  it('a mark in untrusted text is text', () => expect(countTokens('<|endoftext|>')).toBeGreaterThan(1));

  it('a long text in pieces counts as in one', () => {
    const words = 'the pod is crash looping '.repeat(400);
    const tokens = countTokens(words);
    expect(tokens / (5.5 * 400)).toBeGreaterThan(0.8);
    expect(tokens / (6.5 * 400)).toBeLessThan(1.1);
  });

  it.each([
    ['one letter', 'a'.repeat(10 * 1024 * 1024)],
    ['spaces', ' '.repeat(10 * 1024 * 1024)],
    ['emoji', '🚀'.repeat(1024 * 1024)],
    ['lone surrogates', '\ud800'.repeat(1024 * 1024)],
    ['no break', 'abcdefghijklmnop'.repeat(65_536)],
  ])('ends on hostile input: %s', (_name, text) => {
    const tokens = countTokens(text);
    expect(tokens).toBeGreaterThan(1000);
    expect(tokens).toBeLessThanOrEqual(text.length * 3);
  });
});
