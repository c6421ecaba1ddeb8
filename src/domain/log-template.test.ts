import { expect, it } from '@jest/globals';
import { collapseLines, templateOf } from './log-template.js';

it.each([
  ['2026-01-02T03:04:05.678Z GET /items/42 200 in 13ms', '<time> GET /items/<n> <n> in <duration>'],
  ['[03:04:05] conn 0b8d7c1e-3f52-4c9b-9d43-7d2f6a1b3c4e closed', '[<time>] conn <uuid> closed'],
  ['addr=0x7ffee4 build 3f9a1c7e5b', 'addr=<hex> build <hex>'],
  ['dial tcp 10.0.0.12:5432: refused', 'dial tcp <ip>:<n>: refused'],
  ['panic: missing index', 'panic: missing index'],
  ['deadbeef is a word here, feedface too', 'deadbeef is a word here, feedface too'],
])('%s', (line, template) => expect(templateOf(line)).toBe(template));

it('collapses what one statement wrote, with a count, in order of the last appearance', () => {
  expect(
    collapseLines(['start', '2026-01-02T03:04:05Z retry 1 of 5', '2026-01-02T03:04:06Z retry 2 of 5', '', 'exit code 137']),
  ).toEqual(['start', '<time> retry <n> of <n> (×2)', 'exit code 137']);
});

it('keeps numbers that never vary', () => {
  expect(collapseLines(['dial db.data:5432 refused', 'dial db.data:5432 refused'])).toEqual(['dial db.data:5432 refused (×2)']);
});

it('keeps the newest templates and bounds their length', () => {
  expect(collapseLines(['alpha', 'beta', 'gamma'.repeat(10)], { maxLines: 2, maxLength: 10 })).toEqual(['beta', 'gammagamma']);
});
