import { describe, expect, it } from '@jest/globals';
import { hmacOf } from '../../test/support/sources.js';
import { verifyHmac, type HmacRule } from './hmac.js';

const nowMs = Date.parse('2026-03-01T02:31:00.000Z');
const body = '{"alerts":[]}';
const seconds = (offset: number): string => String(nowMs / 1000 + offset);
const rule = (more: Partial<HmacRule> = {}): HmacRule => ({ keys: ['old', 'new'], headers: ['X-Signature'], prefix: '', separator: ':', ...more });
const verify = (headers: Record<string, string>, more?: Partial<HmacRule>) => verifyHmac(Buffer.from(body), headers, { hmac: rule(more), nowMs });
const timed = { timestampHeader: 'X-Time' };

describe('a signature over the body', () => {
  it.each(['old', 'new'])('is taken when the key %s made it', (key) => {
    expect(verify({ 'x-signature': hmacOf(key, body) })).toEqual({});
  });

  it.each<[string, Record<string, string>]>([
    ['none', {}],
    ['empty', { 'x-signature': '' }],
    ['of another key', { 'x-signature': hmacOf('other', body) }],
    ['of an empty key', { 'x-signature': hmacOf('', body) }],
    ['of another body', { 'x-signature': hmacOf('new', `${body} `) }],
    ['in upper case', { 'x-signature': hmacOf('new', body).toUpperCase() }],
    ['with a prefix nobody asked for', { 'x-signature': `sha256=${hmacOf('new', body)}` }],
    ['one digit short', { 'x-signature': hmacOf('new', body).slice(1) }],
    ['one digit long', { 'x-signature': `${hmacOf('new', body)}0` }],
    ['with a space around it', { 'x-signature': ` ${hmacOf('new', body)}` }],
    ['two of them', { 'x-signature': `${hmacOf('old', body)}, ${hmacOf('new', body)}` }],
    ['in another header', { 'x-other': hmacOf('new', body) }],
    ['as base64', { 'x-signature': Buffer.from(hmacOf('new', body), 'hex').toString('base64') }],
  ])('is refused: %s', (_what, headers) => {
    expect(() => verify(headers)).toThrow(expect.objectContaining({ code: 'Unauthorized' }));
  });

  it('needs the prefix where one is configured', () => {
    expect(verify({ 'x-signature': `sha256=${hmacOf('new', body)}` }, { prefix: 'sha256=' })).toEqual({});
    expect(() => verify({ 'x-signature': hmacOf('new', body) }, { prefix: 'sha256=' })).toThrow('sha256=');
  });

  it('is looked for under each of its names', () => {
    expect(verify({ 'x-second': hmacOf('new', body) }, { headers: ['X-First', 'X-Second'] })).toEqual({});
  });
});

describe('a signature over time and body', () => {
  const signed = (time: string, over = time) => ({ 'x-time': time, 'x-signature': hmacOf('new', body, `${over}:`) });

  it.each([[0], [-299], [299]])('is taken %i s from our clock, and can be recognised again', (offset) => {
    const headers = signed(seconds(offset));
    expect(verify(headers, timed)).toEqual({ deliveryId: headers['x-signature'] });
  });

  it('is taken with milliseconds', () => {
    expect(verify(signed(String(nowMs)), timed).deliveryId).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Record<string, string>]>([
    ['too old', signed(seconds(-301))],
    ['from the future', signed(seconds(301))],
    ['for another time', signed(seconds(0), seconds(1))],
    ['without the time in the header', { 'x-signature': hmacOf('new', body, `${seconds(0)}:`) }],
    ['with a time that is no number', signed('now')],
    ['with a sign', signed(`+${seconds(0).slice(1)}`)],
    ['over the body alone', { 'x-time': seconds(0), 'x-signature': hmacOf('new', body) }],
    ['with another separator', { 'x-time': seconds(0), 'x-signature': hmacOf('new', body, `${seconds(0)}.`) }],
  ])('is refused: %s', (_what, headers) => {
    expect(() => verify(headers, timed)).toThrow(expect.objectContaining({ code: 'Unauthorized' }));
  });
});
