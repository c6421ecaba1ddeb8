import { describe, expect, it } from '@jest/globals';
import { parseStrictJson } from './strict-json.js';

describe('one JSON value and nothing else', () => {
  it.each([
    ['an object', '{"a":[1,{"b":"x\\"y}{"}]}', { a: [1, { b: 'x"y}{' }] }],
    ['equal keys of different objects', '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ['a key as a value', '{"a":"a","b":["a","a"]}', { a: 'a', b: ['a', 'a'] }],
    ['null', 'null', null],
  ])('%s', (_name, text, value) => expect(parseStrictJson(text)).toEqual(value));

  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['fences', '```json\n{"a":1}\n```'],
    ['prose after it', '{"a":1} I hope this helps'],
    ['two objects', '{"a":1}{"a":2}'],
    ['a cut', '{"a":"b'],
    ['NaN', '{"a":NaN}'],
    ['duplicate keys', '{"a":1,"b":2,"a":3}'],
    ['duplicate keys in disguise', '{"a":1,"\\u0061":2}'],
    ['__proto__', '{"__proto__":{"x":1}}'],
    ['__proto__ in disguise', '{"a":{"__pro\\u0074o__":1}}'],
    ['constructor', '{"constructor":1}'],
    ['deep nesting', `${'['.repeat(33)}${']'.repeat(33)}`],
    ['very deep nesting', '['.repeat(500_000)],
    ['ten megabytes', JSON.stringify('x'.repeat(10_000_000))],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{"a":1 /* x */}'],
  ])('%s is refused without quoting it', (_name, text) => {
    expect(() => parseStrictJson(text)).toThrow(expect.objectContaining({ code: 'ModelAnswerInvalid' }));
  });

  it('32 levels are still read', () => expect(() => parseStrictJson(`${'['.repeat(32)}${']'.repeat(32)}`)).not.toThrow());
});
