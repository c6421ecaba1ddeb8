import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { age, print, printable, table, type Format } from './output.js';

const written = (format: Format, rows: readonly { id: string; text: string }[]): string => {
  let out = '';
  jest.spyOn(process.stdout, 'write').mockImplementation(((text: string) => ((out += text), true)) as typeof process.stdout.write);
  print(rows, format, [{ title: 'ID', value: (r) => r.id }, { title: 'TEXT', value: (r) => r.text, isWide: true }], (r) => r.id, { items: rows });
  return out;
};

afterEach(() => void jest.restoreAllMocks());

describe('printing', () => {
  const rows = [{ id: 'r-1', text: 'a\u001b[31mb\u009b0m' }];

  it.each([
    ['table', 'ID\nr-1\n'],
    ['wide', 'ID    TEXT\nr-1   a [31mb 0m\n'],
    ['name', 'r-1\n'],
  ] as const)('%s has no control characters', (format, expected) => expect(written(format, rows)).toBe(expected));

  it('json keeps the text and escapes what a terminal would obey', () => {
    const out = written('json', rows);
    expect(out).toContain('a\\u001b[31mb\\u009b0m');
    expect(JSON.parse(out)).toEqual({ items: rows });
  });

  it('yaml shows control characters as replacement characters', () => expect(written('yaml', rows)).toContain('text: a\ufffd[31mb\ufffd0m'));

  it('says on standard error that nothing was found, so that a script reads nothing', () => {
    const remarks = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(written('table', [])).toBe('');
    expect(remarks).toHaveBeenCalledWith('nothing found\n');
  });

  it('aligns columns and leaves no spaces at the end of a line', () => expect(table([['A', 'B'], ['long', '']])).toBe('A      B\nlong'));

  it('turns line breaks of a cell into spaces', () => expect(printable('a\nb\tc')).toBe('a b c'));

  it.each([[5, '5s'], [119, '119s'], [120, '2m'], [7199, '119m'], [7200, '2h'], [172_800, '2d'], [-3, '0s']])('%d seconds ago is %s', (seconds, text) => {
    expect(age(new Date(1_000_000_000_000 - seconds * 1000).toISOString(), 1_000_000_000_000)).toBe(text);
  });
});
