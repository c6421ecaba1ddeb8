import { readdirSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { channels, connectChannel, type ChannelId } from '../../src/channels/index.js';
import { logChannelTo } from '../../src/channels/log.js';
import { signatureOf } from '../../src/channels/webhook.js';
import type { Notification } from '../../src/contracts/notification.js';
import { KubernautError } from '../../src/domain/errors.js';
import { itKeepsTheContractOfChannels } from './checks/channel-contract.js';
import { startHttpReceiver, type Answer } from '../support/channels/http-receiver.js';
import { startSmtpServer } from '../support/channels/smtp-server.js';

const note = (more: Partial<Notification> = {}): Notification => ({
  remediationId: 'r-0123456789',
  kind: 'approval_requested',
  title: 'KubePodCrashLooping · deployment shop/api: a decision is needed',
  severity: 'critical',
  target: 'deployment shop/api',
  lines: ['Cause: bad_rollout.command <!channel> & <b>more</b>', 'Plan: roll back'],
  commands: ['kubernaut approve r-0123456789 --plan abcdef0123'],
  links: { temporal: 'http://127.0.0.1:8233/x', evil: 'javascript:alert(1)' },
  at: '2026-01-01T00:00:00.000Z',
  ...more,
});

const failureOf = async (promise: Promise<unknown>): Promise<KubernautError> => {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(KubernautError);
    return error as KubernautError;
  }
  throw new Error('it was delivered');
};

const SECRET = 'xoxb-very-secret-token-0123456789';

describe('every channel', () => {
  it('is registered, and its id is its file name', () => {
    const files = readdirSync(new URL('../../src/channels/', import.meta.url));
    const defining = files.filter((f) => !f.endsWith('.test.ts') && /= defineChannel\(\{/.test(readFileSync(new URL(`../../src/channels/${f}`, import.meta.url), 'utf8')));
    expect(defining.map((f) => f.replace(/\.ts$/, '').replaceAll('-', '_')).sort()).toEqual([...channels.ids].sort());
  });

  describe.each(channels.members.map((m) => [m.id, m] as const))('%s', (_id, channel) => {
    itKeepsTheContractOfChannels(channel);
  });

  it('names every wrong key of a configuration, never its value', async () => {
    const failure = await failureOf(connectChannel('slack', { token: 5, channel: '', surprise: SECRET }));
    expect(failure.code).toBe('ConfigInvalid');
    for (const key of ['/token', '/channel', '/surprise']) expect(failure.message).toContain(key);
    expect(inspect(failure, { depth: 9 })).not.toContain(SECRET);
  });

  it('is not guessed when unknown', async () => {
    expect((await failureOf(connectChannel('pigeon', {}))).code).toBe('NotFound');
  });
});

describe('classify', () => {
  const coded = (fields: object) => Object.assign(new Error('x'), fields);
  const platform = (error: string) => coded({ code: 'slack_webapi_platform_error', data: { ok: false, error } });
  it.each<[ChannelId, string, unknown, string, number?]>([
    ['slack', 'rate limited', coded({ code: 'slack_webapi_rate_limited_error', retryAfter: 7 }), 'ChannelUnavailable', 7000],
    ['slack', 'internal_error', platform('internal_error'), 'ChannelUnavailable'],
    ['slack', 'channel_not_found', platform('channel_not_found'), 'ChannelRejected'],
    ['slack', 'invalid_auth', platform('invalid_auth'), 'ChannelRejected'],
    ['slack', 'an answer nobody knows', platform('invalid_blocks'), 'ChannelRejected'],
    ['slack', 'HTTP 500', coded({ code: 'slack_webapi_http_error', statusCode: 500 }), 'ChannelUnavailable'],
    ['slack', 'HTTP 404', coded({ code: 'slack_webapi_http_error', statusCode: 404 }), 'ChannelRejected'],
    ['slack', 'request error', coded({ code: 'slack_webapi_request_error', original: new Error('x') }), 'ChannelUnavailable'],
    ['email', 'greylisted', coded({ code: 'EENVELOPE', responseCode: 451 }), 'ChannelUnavailable'],
    ['email', 'no such user', coded({ code: 'EENVELOPE', responseCode: 550 }), 'ChannelRejected'],
    ['email', 'wrong password', coded({ code: 'EAUTH', responseCode: 535 }), 'ChannelRejected'],
    ['email', 'temporary authentication failure', coded({ code: 'EAUTH', responseCode: 454 }), 'ChannelUnavailable'],
    ['email', 'no STARTTLS', coded({ code: 'ETLS' }), 'ChannelRejected'],
    ['email', 'DNS', coded({ code: 'EDNS' }), 'ChannelUnavailable'],
    ['email', 'refused', coded({ code: 'ESOCKET' }), 'ChannelUnavailable'],
    ['webhook', 'time-out', new DOMException('x', 'TimeoutError'), 'ChannelUnavailable'],
    ['log', 'closed pipe', coded({ code: 'EPIPE' }), 'ChannelUnavailable'],
  ])('%s: %s', (id, _name, error, code, ...[retryAfterMs]) => {
    const judged = channels.get(id).classify(error);
    expect(judged.code).toBe(code);
    expect(judged.details.retryAfterMs).toBe(retryAfterMs);
  });
});

describe('slack', () => {
  let server: Awaited<ReturnType<typeof startHttpReceiver>>;
  beforeAll(async () => void (server = await startHttpReceiver()));
  afterAll(() => server.close());
  beforeEach(() => void server.received.splice(0));

  const json = (body: unknown, status = 200, headers = {}): Answer => ({ status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const connect = () => connectChannel('slack', { token: SECRET, channel: '#ops', apiUrl: server.url, timeoutMs: 400 });
  /** As Slack answers, from docs.slack.dev/reference/methods/chat.postMessage. */
  const POSTED = { ok: true, channel: 'C0123456789', ts: '1503435956.000247', message: { type: 'message', text: 'x', ts: '1503435956.000247' } };

  it('posts once, then edits the same message', async () => {
    server.answerWith(json(POSTED), json({ ok: true, channel: 'C0123456789', ts: POSTED.ts, text: 'x' }));
    const channel = await connect();
    const first = await channel.deliver(note());
    expect(first.providerId).toBe('C0123456789/1503435956.000247');
    expect(await channel.deliver(note({ kind: 'closed', outcome: 'fixed' }), first)).toEqual(first);
    expect(server.received.map((r) => r.path)).toEqual(['/chat.postMessage', '/chat.update']);
    const update = new URLSearchParams(server.received[1]!.body);
    expect([update.get('channel'), update.get('ts')]).toEqual(['C0123456789', '1503435956.000247']);
    expect(server.received[0]!.headers.authorization).toBe(`Bearer ${SECRET}`);
  });

  it('escapes untrusted text and links nothing but http', async () => {
    server.answerWith(json(POSTED));
    await (await connect()).deliver(note());
    const blocks = new URLSearchParams(server.received[0]!.body).get('blocks')!;
    expect(blocks).toContain('&lt;!channel&gt; &amp; &lt;b&gt;');
    expect(blocks).not.toContain('<!channel>');
    expect(blocks).toContain('<http://127.0.0.1:8233/x|temporal>');
    expect(blocks).not.toContain('javascript:');
    expect(blocks).toContain('kubernaut approve r-0123456789');
  });

  it('posts anew when the earlier message is gone', async () => {
    server.answerWith(json({ ok: false, error: 'message_not_found' }), json(POSTED));
    const delivery = await (await connect()).deliver(note(), { providerId: 'C0123456789/1.2' });
    expect(delivery.providerId).toBe('C0123456789/1503435956.000247');
  });

  it.each<[string, Answer | 'hang', string, number | undefined]>([
    ['rate limited', json({ ok: false, error: 'ratelimited' }, 429, { 'retry-after': '30' }), 'ChannelUnavailable', 30_000],
    ['channel_not_found', json({ ok: false, error: 'channel_not_found' }), 'ChannelRejected', undefined],
    ['invalid_auth', json({ ok: false, error: 'invalid_auth' }), 'ChannelRejected', undefined],
    ['500', { status: 500, body: 'oops' }, 'ChannelUnavailable', undefined],
    ['no answer', 'hang', 'ChannelUnavailable', undefined],
  ])('asks once and says what it means: %s', async (_name, answer, code, retryAfterMs) => {
    server.answerWith(answer);
    const failure = await failureOf((await connect()).deliver(note()));
    expect(failure.code).toBe(code);
    expect(failure.details.retryAfterMs).toBe(retryAfterMs);
    expect(server.received).toHaveLength(1);
    expect(inspect(failure, { depth: 9 })).not.toContain(SECRET);
  });
});

describe('webhook', () => {
  let server: Awaited<ReturnType<typeof startHttpReceiver>>;
  beforeAll(async () => void (server = await startHttpReceiver()));
  afterAll(() => server.close());
  beforeEach(() => void server.received.splice(0));

  it('posts the notification as JSON, signed over timestamp.body', async () => {
    const channel = await connectChannel('webhook', { url: `${server.url}/hook`, secret: SECRET });
    const delivery = await channel.deliver(note());
    const [got] = server.received;
    expect(delivery.providerId).toBe('r-0123456789/approval_requested');
    expect(got).toMatchObject({ method: 'POST', path: '/hook', headers: { 'content-type': 'application/json', 'x-kubernaut-delivery': 'r-0123456789/approval_requested' } });
    expect(JSON.parse(got!.body)).toEqual(note());
    const timestamp = got!.headers['x-kubernaut-timestamp'] as string;
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
    expect(got!.headers['x-kubernaut-signature']).toBe(signatureOf(SECRET, timestamp, got!.body));
  });

  it('is unsigned without a secret', async () => {
    await (await connectChannel('webhook', { url: server.url })).deliver(note());
    expect(server.received[0]!.headers['x-kubernaut-signature']).toBeUndefined();
  });

  it.each<[string, Answer | 'hang', string, number | undefined]>([
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '2' } }, 'ChannelUnavailable', 2000],
    ['429 with a garbage Retry-After', { status: 429, headers: { 'retry-after': 'soon' } }, 'ChannelUnavailable', undefined],
    ['404', { status: 404 }, 'ChannelRejected', undefined],
    ['a redirect, which is not followed', { status: 307, headers: { location: '/elsewhere' } }, 'ChannelRejected', undefined],
    ['no answer', 'hang', 'ChannelUnavailable', undefined],
  ])('says what it means: %s', async (_name, answer, code, retryAfterMs) => {
    server.answerWith(answer);
    const failure = await failureOf((await connectChannel('webhook', { url: `${server.url}/${SECRET}` })).deliver(note()));
    expect(failure.code).toBe(code);
    expect(failure.details.retryAfterMs).toBe(retryAfterMs);
    expect(server.received).toHaveLength(1);
    expect(`${failure.message} ${JSON.stringify(failure.details)}`).not.toContain(SECRET);
  }, 10_000);
});

describe('email', () => {
  let server: Awaited<ReturnType<typeof startSmtpServer>>;
  beforeAll(async () => void (server = await startSmtpServer()));
  afterAll(() => server.close());
  afterEach(() => {
    server.refuse.clear();
    server.mails.splice(0);
  });
  const connect = (more = {}) => connectChannel('email', { host: '127.0.0.1', port: server.port, from: 'kubernaut@example.org', to: ['ops@example.org'], tls: 'off', timeoutMs: 2000, ...more });

  it('sends plain text and escaped HTML to every recipient', async () => {
    await (await connect({ to: ['a@example.org', 'b@example.org'] })).deliver(note());
    const [mail] = server.mails;
    expect(mail!.to).toEqual(['RCPT TO:<a@example.org>', 'RCPT TO:<b@example.org>']);
    expect(mail!.data).toMatch(/Subject: /);
    const text = mail!.data.replace(/=\n/g, '').replace(/=3D/g, '=');
    expect(text).toContain('text/plain');
    expect(text).toContain('&lt;b&gt;more');
    expect(text).toContain('kubernaut approve r-0123456789');
    expect(text).not.toContain('javascript:');
  });

  it('threads all messages of one remediation', async () => {
    const channel = await connect();
    const first = await channel.deliver(note());
    const second = await channel.deliver(note({ kind: 'closed' }), first);
    expect(first.providerId).toBe('<r-0123456789.approval_requested@example.org>');
    expect(second.providerId).toBe('<r-0123456789.closed@example.org>');
    expect(server.mails[1]!.data).toContain(`In-Reply-To: ${first.providerId}`);
    for (const mail of server.mails) expect(mail.data).toMatch(/References:\s+<r-0123456789@example\.org>/);
  });

  it('cannot be made to add headers', async () => {
    await (await connect()).deliver(note({ title: 'x\r\nBcc: evil@example.org' }));
    const [headers] = server.mails[0]!.data.split('\n\n');
    expect(headers).not.toMatch(/^Bcc:/m);
    expect(server.mails[0]!.to).toHaveLength(1);
  });

  it.each([
    ['RCPT', '550 no such user', 'ChannelRejected'],
    ['RCPT', '451 greylisted', 'ChannelUnavailable'],
    ['AUTH', '535 wrong', 'ChannelRejected'],
    ['CONNECT', '421 busy', 'ChannelUnavailable'],
  ])('%s answered %s is %s', async (command, reply, code) => {
    server.refuse.set(command, reply);
    const failure = await failureOf((await connect({ user: 'me', password: SECRET })).deliver(note()));
    expect(failure.code).toBe(code);
    expect(inspect(failure, { depth: 9 })).not.toContain(SECRET);
  });

  it('refuses clear text unless it was asked for', async () => {
    expect((await failureOf((await connect({ tls: 'starttls' })).deliver(note()))).code).toBe('ChannelRejected');
  });

  it('is tried again when nobody listens', async () => {
    const gone = await startSmtpServer();
    await gone.close();
    expect((await failureOf((await connect({ port: gone.port })).deliver(note()))).code).toBe('ChannelUnavailable');
  });
});

describe('log', () => {
  it('writes one JSON line', async () => {
    const lines: string[] = [];
    await logChannelTo((l) => lines.push(l)).deliver(note());
    expect(lines).toHaveLength(1);
    expect(lines[0]!.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ msg: note().title, notification: note() });
  });

  it('writes text without invisible characters', async () => {
    const lines: string[] = [];
    await logChannelTo((l) => lines.push(l), 'text').deliver(note({ title: 'a\u202eb\u001b[31m' }));
    expect(lines[0]).toContain('ab[31m');
  });
});
