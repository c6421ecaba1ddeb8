import type { Random } from '../random.js';
import { API_TOKENS, TOKENS } from '../settings.js';
import { anyText, letters, wellFormed } from './text.js';

export type Header = [string, string];

/** As it may stand in a header: one line, one byte per character. */
export const inHeader = (text: string): string => wellFormed(text).replace(/[\0-\x08\x0a-\x1f\x7f]|[^\x00-\xff]/g, '?');

const ALL_TOKENS = [...new Set([...API_TOKENS, ...Object.values(TOKENS).flat()])];

/** Near misses of credentials; none of them opens what it is sent to, unless it happens to be its own. */
export function strangeCredentials(random: Random): Header[] {
  const token = random.pick(ALL_TOKENS);
  return random.weighted<() => Header[]>([
    [3, () => []],
    [3, () => [['Authorization', `Bearer ${token}`]]],
    [1, () => [['authorization', `bearer   ${token}  `]]],
    [1, () => [['Authorization', `Bearer ${token.slice(0, -1)}`]]],
    [1, () => [['Authorization', `Bearer ${token}x`]]],
    [1, () => [['Authorization', `Basic ${Buffer.from(`user:${token}`).toString('base64')}`]]],
    [1, () => [['Authorization', `Bearer ${token}`], ['Authorization', `Bearer ${random.pick(ALL_TOKENS)}`]]],
    [1, () => [['Authorization', `Bearer ${'a'.repeat(random.pick([4096, 4097, 12_000]))}`]]],
    [1, () => [['Authorization', inHeader(anyText(random)).slice(0, 2000)]]],
    [1, () => [['Authorization', 'Bearer'], ['Proxy-Authorization', `Bearer ${token}`]]],
    [1, () => [[random.pick(['X-Grafana-Alerting-Signature', 'X-Kubernaut-Signature', 'X-Hub-Signature-256']), random.pick([random.hex(64), random.hex(63), random.hex(64).toUpperCase(), `sha256=${random.hex(64)}`, ''])]]],
    [1, () => [['X-Grafana-Alerting-Timestamp', random.pick(['0', '-1', '9999999999', '1e9', '', '99999999999999999999'])], ['X-Grafana-Alerting-Signature', random.hex(64)]]],
  ])();
}

const TYPES = ['application/json', 'application/json; charset=utf-8', 'application/json; charset=utf-16', 'application/json;charset="UTF8"', 'APPLICATION/JSON', 'text/plain', 'text/plain; charset=UTF-8', 'application/xml', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'application/cloudevents+json', 'application/cloudevents-batch+json', '*/*', '', ';', 'application/json, text/plain', 'application/problem+json'];

export const strangeType = (random: Random): string => (random.chance(0.9) ? random.pick(TYPES) : inHeader(anyText(random)).slice(0, 300));

/** Headers around a request that is complete in HTTP: the connection goes on after them. */
export function strangeHeaders(random: Random): Header[] {
  const one = (): Header[] => random.weighted<() => Header[]>([
    [3, () => [['X-Request-ID', random.pick(['abc-123', letters(random, 128), letters(random, 129), 'a b', '<x>', 'a"b', inHeader(anyText(random)).slice(0, 500)])]]],
    [1, () => [['X-Request-ID', 'one'], ['X-Request-ID', 'two']]],
    [2, () => [['traceparent', random.pick([`00-${random.hex(32)}-${random.hex(16)}-01`, `00-${'0'.repeat(32)}-${random.hex(16)}-01`, `ff-${random.hex(32)}-${random.hex(16)}-01`, 'x', inHeader(anyText(random)).slice(0, 500)])], ['tracestate', 'a=b'] ]],
    [1, () => [['Accept', random.pick(['text/html', '*/*;q=0', 'application/json', inHeader(anyText(random)).slice(0, 300)])]]],
    [1, () => [['Accept-Encoding', random.pick(['gzip', 'br;q=1, *;q=0', 'identity;q=0'])]]],
    [1, () => [['Content-Encoding', random.pick(['gzip', 'br', 'identity', 'x'])]]],
    [1, () => [['X-Forwarded-For', random.pick(['127.0.0.1', '::1', 'unknown, 10.0.0.1', inHeader(anyText(random)).slice(0, 300)])], ['X-Forwarded-Proto', 'gopher'], ['Forwarded', 'for=_x']]],
    [1, () => [['Origin', 'https://evil.example.com'], ['Access-Control-Request-Method', 'PUT']]],
    [1, () => [['Range', random.pick(['bytes=0-0', 'bytes=-1', 'bytes=0-0,1-1,2-2'])], ['If-None-Match', '*']]],
    [1, () => [['X-HTTP-Method-Override', 'DELETE'], ['X-Original-URL', '/metrics']]],
    [1, () => [['Accept-Version', random.pick(['1.x', '*', '999999.0.0'])]]],
    [1, () => [['Cookie', inHeader(anyText(random)).slice(0, 3000)]]],
    [1, () => Array.from({ length: random.pick([40, 200]) }, (_, i): Header => [`X-${String(i)}`, 'y'])],
    [1, () => [[random.pick(['__proto__', 'constructor', 'toString', 'ce-specversion', 'ce-id', 'ce-__proto__', 'ce-data', 'x-amz-sns-message-type']), inHeader(anyText(random)).slice(0, 500)]]],
  ])();
  return Array.from({ length: random.between(1, 3) }, one).flat();
}
