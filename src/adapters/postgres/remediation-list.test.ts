import { describe, expect, it } from '@jest/globals';
import type { Query } from './query.js';
import { remediationListMethods } from './remediation-list.js';

/** What a fuzzer found: each of these reached PostgreSQL, which refuses them, and was answered 500. */
describe('pages of remediations', () => {
  const asked: (readonly unknown[] | undefined)[] = [];
  const query: Query = async (_doing, _sql, values) => (asked.push(values), []);
  const { listRemediations } = remediationListMethods(query);
  const cursorOf = (text: string) => Buffer.from(text).toString('base64url');

  it.each(['-999999999999999999 r-1', '999999999999999999 r-1', '-62167219200000001 r-1', '9'.repeat(30) + ' r-1', '5', ''])('go on from no moment that is none: %j', async (position) => {
    await expect(listRemediations({ cursor: cursorOf(position) })).rejects.toMatchObject({ code: 'BadRequest' });
  });

  it('go on after an id that PostgreSQL can read', async () => {
    await listRemediations({ cursor: cursorOf('1772332200000000 r-\0x') });
    expect(asked.pop()).toEqual(['1772332200000000', 'r-\ufffdx']);
  });

  it.each(['0000-06-01T00:00:00Z', '+275760-09-13T00:00:00Z', '9999-12-31T23:59:59-23:59'])('begin at no time that PostgreSQL cannot read: %s', async (since) => {
    await expect(listRemediations({ since })).rejects.toMatchObject({ code: 'BadRequest' });
  });
});
