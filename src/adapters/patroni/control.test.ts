import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PatroniRequest } from '../../domain/change.js';
import type { ApplyOptions } from '../../domain/ports.js';
import { startPatroni, type Mishap, type PatroniMember, type PatroniServer } from '../../../test/support/patroni-server.js';
import { patroniControl } from './control.js';

let patroni: PatroniServer;
let asked: number;

const SWITCHOVER: PatroniRequest = { kind: 'switchover', leader: 'db-0', candidate: 'db-1', limits: { lagBytes: 1_048_576, lagS: 10, minIntervalS: 1800 } };
const REINITIALIZE: PatroniRequest = { kind: 'reinitialize', leader: 'db-0', member: 'db-2', startedBefore: '2026-03-01T12:00:00Z' };
const NOW = Date.parse('2026-03-01T12:00:00Z');

const call = (request: PatroniRequest, options: Partial<ApplyOptions> = {}, client: object = {}) =>
  patroniControl({ port: patroni.port, now: () => NOW, timeoutMs: 400, postTimeoutMs: 400, ...client }).call({
    request,
    addressOf: (member) => Promise.resolve(patroni.addressOf(member)),
    options: { actionId: 'x', beforeWrite: () => Promise.resolve(void (asked += 1)), ...options },
  });

const rejection = (code: string, text = '') => expect.objectContaining({ code, message: expect.stringContaining(text) });
const candidate = (more: Partial<PatroniMember>) => void Object.assign(patroni.members[1]!, more);

beforeEach(async () => {
  asked = 0;
  patroni = await startPatroni();
});
afterEach(() => patroni.stop());

describe('a switchover', () => {
  it('is asked of the leader, once, after everybody who may object was asked', async () => {
    await expect(call(SWITCHOVER)).resolves.toBe('applied');
    expect([patroni.done, asked]).toEqual([['switchover db-0 db-1'], 1]);
    expect(patroni.requests.filter((r) => r.startsWith('POST'))).toEqual(['POST /switchover 127.0.0.1']);
  });

  it('is done when the candidate leads already, and nobody is asked', async () => {
    await call(SWITCHOVER);
    await expect(call(SWITCHOVER)).resolves.toBe('already_applied');
    expect([patroni.done.length, asked]).toEqual([1, 1]);
  });

  it('looks and sends nothing in a dry run', async () => {
    await expect(call(SWITCHOVER, { isDryRun: true })).resolves.toBe('dry_run');
    expect(patroni.requests.every((r) => r.startsWith('GET'))).toBe(true);
    expect(asked).toBe(0);
  });

  it('is not sent when the one who is asked last says no', async () => {
    await expect(call(SWITCHOVER, { beforeWrite: () => Promise.reject(new Error('paused')) })).rejects.toThrow('paused');
    expect(patroni.done).toEqual([]);
  });

  it('is not undone over a third leader', async () => {
    patroni.leader = 'db-2';
    await expect(call(SWITCHOVER)).rejects.toEqual(rejection('PreconditionChanged', 'db-2 leads'));
    await expect(call(SWITCHOVER, { isUndo: true })).rejects.toEqual(rejection('Drifted', 'db-2 leads'));
  });

  it('goes back whenever the old leader streams, however soon that is, and waits while it does not', async () => {
    patroni.history = [[3, 1, 'x', new Date(NOW - 60_000).toISOString(), 'db-0']];
    candidate({ state: 'starting' });
    await expect(call(SWITCHOVER, { isUndo: true })).rejects.toEqual(rejection('DatabaseUnavailable', 'starting'));
    candidate({ state: 'streaming' });
    await expect(call(SWITCHOVER, { isUndo: true })).resolves.toBe('applied');
  });

  const refused: [string, () => void, string][] = [
    ['the cluster is paused', () => void (patroni.isPaused = true), 'paused'],
    ['another switchover is scheduled', () => void (patroni.scheduled = { at: '2026-03-02T00:00:00Z' }), 'scheduled'],
    ['nobody leads', () => void (patroni.leader = undefined), 'nobody leads'],
    ['the last change of leader was ten minutes ago', () => void patroni.history.push([3, 1, 'x', '2026-03-01T11:50:00+00:00', 'db-0']), '600 s ago'],
    ['the candidate is no member', () => void patroni.members.splice(1, 1), 'no member'],
    ['the candidate does not run', () => candidate({ state: 'start failed' }), 'start failed'],
    ['the candidate must not lead', () => candidate({ tags: { nofailover: true } }), 'nofailover'],
    ['the candidate is on another timeline', () => candidate({ timeline: 2 }), 'timeline'],
    ['the candidate is a byte too far behind', () => candidate({ lag: 1_048_577 }), '1048577 bytes'],
    ['nobody knows how far behind the candidate is', () => candidate({ lag: 'unknown' }), 'how far behind'],
    ['the candidate is 11 s behind', () => candidate({ lag: 10, replayed: 1, replayedAt: '2026-03-01 11:59:49.000000+00:00' }), '11 s behind'],
    ['the candidate does not tell the time it replayed', () => candidate({ lag: 10, replayedAt: '' }), 'how old'],
    ['replay is paused on the candidate', () => candidate({ isReplayPaused: true }), 'paused on'],
  ];
  it.each(refused)('is refused when %s, before any write', async (_what, spoil, text) => {
    spoil();
    await expect(call(SWITCHOVER)).rejects.toEqual(rejection('PreconditionChanged', text));
    expect([patroni.done, asked]).toEqual([[], 0]);
  });

  it('takes an idle candidate with nothing left to replay, however old its last transaction is', async () => {
    candidate({ replayedAt: '2026-01-01 00:00:00+00:00' });
    await expect(call(SWITCHOVER)).resolves.toBe('applied');
  });

  const answers: [string, Mishap, string][] = [
    ['412: the leader moved in between', 'other leader', 'PreconditionChanged'],
    ['503', { status: 503, text: 'Switchover failed' }, 'DatabaseUnavailable'],
    ['500', { status: 500, text: '' }, 'DatabaseUnavailable'],
    ['400', { status: 400, text: 'Switchover could be performed only from a specific leader' }, 'PreconditionChanged'],
    ['403', { status: 403, text: 'Access is denied' }, 'Forbidden'],
    ['404', { status: 404, text: '' }, 'Unsupported'],
    ['a redirect', { status: 302, text: '' }, 'PreconditionChanged'],
    ['silence', 'hang', 'OutcomeUnknown'],
    ['a cut connection', 'reset', 'OutcomeUnknown'],
  ];
  it.each(answers)('answered with %s', async (_what, mishap, code) => {
    patroni.mishap = mishap;
    await expect(call(SWITCHOVER)).rejects.toEqual(rejection(code));
    expect(patroni.done).toEqual([]);
  });

  it('that was done while its answer was lost is found done by the next attempt', async () => {
    patroni.mishap = 'done and lost';
    await expect(call(SWITCHOVER)).rejects.toEqual(rejection('OutcomeUnknown'));
    await expect(call(SWITCHOVER)).resolves.toBe('already_applied');
    expect(patroni.done).toHaveLength(1);
  });
});

describe('a reinitialize', () => {
  it('is asked of the member itself, once', async () => {
    await expect(call(REINITIALIZE)).resolves.toBe('applied');
    await expect(call(REINITIALIZE)).resolves.toBe('already_applied');
    expect([patroni.done, asked]).toEqual([['reinitialize db-2'], 1]);
  });

  it('serves a replica that does not start', async () => {
    Object.assign(patroni.members[2]!, { state: 'start failed', lag: 'unknown' });
    await expect(call(REINITIALIZE, { isDryRun: true })).resolves.toBe('dry_run');
    await expect(call(REINITIALIZE)).resolves.toBe('applied');
  });

  const refused: [string, () => void, string][] = [
    ['it leads by now', () => void (patroni.leader = 'db-2'), 'db-2 leads'],
    ['another one leads by now', () => void (patroni.leader = 'db-1'), 'db-1 leads'],
    ['it is no member', () => void patroni.members.splice(2, 1, { ...patroni.members[2]!, name: 'db-9' }), 'no replica'],
  ];
  it.each(refused)('is refused when %s', async (_what, spoil, text) => {
    spoil();
    await expect(call(REINITIALIZE)).rejects.toEqual(rejection('PreconditionChanged', text));
    expect(patroni.done).toEqual([]);
  });

  it('is refused when the member was started after the plan: it may have been done already', async () => {
    patroni.members[2]!.startedAt = '2026-03-01 12:00:01.000000+00:00';
    await expect(call(REINITIALIZE)).rejects.toEqual(rejection('PreconditionChanged', 'after the plan'));
  });

  it('that Patroni cannot start now is worth another attempt', async () => {
    patroni.mishap = { status: 503, text: 'restart already in progress' };
    await expect(call(REINITIALIZE)).rejects.toEqual(rejection('DatabaseUnavailable', 'restart already'));
  });
});

describe('the way to Patroni', () => {
  it('shows its credentials, and never tells them', async () => {
    patroni.auth = 'kubernaut:s3cret-w0rd';
    await expect(call(SWITCHOVER)).rejects.toEqual(rejection('Forbidden', 'databases.patroni.username'));
    const wrong = await call(SWITCHOVER, {}, { username: 'kubernaut', password: 'other-w0rd' }).catch((e: Error) => e.message);
    expect(wrong).not.toContain('other-w0rd');
    await expect(call(SWITCHOVER, {}, { username: 'kubernaut', password: 's3cret-w0rd' })).resolves.toBe('applied');
  });

  it('takes no name for an address, and no address from an answer', async () => {
    const control = patroniControl({ port: patroni.port });
    await expect(control.call({ request: SWITCHOVER, addressOf: () => Promise.resolve('patroni.example.com'), options: { actionId: 'x' } })).rejects.toEqual(rejection('Unsupported', 'no IP address'));
    await call(SWITCHOVER);
    expect(patroni.requests.every((r) => / 127\.0\.0\.[12]$/.test(r))).toBe(true);
  });

  it('says that nothing happened when nobody listens', async () => {
    await patroni.stop();
    await expect(call(SWITCHOVER)).rejects.toEqual(rejection('DatabaseUnavailable', 'NetworkPolicy'));
  });
});
