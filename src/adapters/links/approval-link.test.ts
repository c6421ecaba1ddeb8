import { describe, expect, it } from '@jest/globals';
import { createApprovalLinks, tokenIdOf } from './approval-link.js';

const claims = { remediationId: 'r-1', plan: 'a'.repeat(64), askedAt: '2026-11-20T10:00:00.000Z', audience: 'slack', expiresAt: '2026-11-20T11:00:00.000Z' };
const links = createApprovalLinks(['a secret of this installation'])!;

describe('a signed link', () => {
  it('says what it was signed for', () => {
    expect(links.open(links.sign(claims))).toEqual(claims);
  });

  it('is the same for a repeated delivery, and another for another audience', () => {
    expect(links.sign(claims)).toBe(links.sign({ ...claims }));
    expect(tokenIdOf(links.sign(claims))).not.toBe(tokenIdOf(links.sign({ ...claims, audience: 'email' })));
  });

  it('of another key is nobody’s', () => {
    expect(createApprovalLinks(['another secret'])!.open(links.sign(claims))).toBeUndefined();
  });

  it('holds while its key is among several', () => {
    expect(createApprovalLinks(['the new one', 'a secret of this installation'])!.open(links.sign(claims))).toEqual(claims);
  });

  it.each(['', '.', 'a.b', 'x'.repeat(2000), '../../etc/passwd', `${'A'.repeat(20)}.${'A'.repeat(43)}`])('that is garbage opens nothing: %s', (token) => {
    expect(links.open(token)).toBeUndefined();
  });

  it('with any character changed opens nothing', () => {
    const token = links.sign(claims);
    for (let i = 0; i < token.length; i += 1) {
      // the last character of each part carries bits that base64 ignores
      const other = token[i] === 'Q' ? 'h' : 'Q';
      const changed = token.slice(0, i) + other + token.slice(i + 1);
      expect(links.open(changed)).toBeUndefined();
    }
  });

  it('cannot be made without a key', () => {
    expect(createApprovalLinks([])).toBeUndefined();
  });
});
