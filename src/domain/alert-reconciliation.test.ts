import { describe, expect, it } from '@jest/globals';
import { compareAlerts, type ListedAlert, type PeerAnswer } from './alert-reconciliation.js';
import type { Signal } from './signal.js';

const ASKED = '2030-01-01T12:00:00.000Z';
const at = (time: string): string => `2030-01-01T${time}:00.000Z`;
const signal = (fingerprint: string, startsAt: string, more: Partial<Signal> = {}): Signal => ({
  source: 'alertmanager', cluster: 'prod', fingerprint, status: 'firing', alert: 'A', severity: 'warning', startsAt: at(startsAt), receivedAt: at('11:00'), labels: {}, annotations: {}, hints: [], ...more,
});
const told = (fingerprint: string, startsAt = '10:00', more: Partial<Signal> = {}): ListedAlert => ({ signal: signal(fingerprint, startsAt, more), isTold: true });
const quiet = (fingerprint: string, startsAt = '10:00'): ListedAlert => ({ ...told(fingerprint, startsAt), isTold: false });
const peer = (...alerts: ListedAlert[]): PeerAnswer => ({ alerts, knowsAll: true });
const young = (...alerts: ListedAlert[]): PeerAnswer => ({ alerts, knowsAll: false });
const brief = (signals: Signal[]): string[] => signals.map((s) => `${s.fingerprint} ${s.startsAt.slice(11, 16)}${s.endsAt ? `-${s.endsAt.slice(11, 16)}` : ''}`);
const compare = (answers: PeerAnswer[], open: Signal[], takesOnly = false) => {
  const { take, resolve } = compareAlerts({ answers, open, askedAt: ASKED, takesOnly });
  return [brief(take), brief(resolve)];
};

describe('what fires in AlertManager against what fires here', () => {
  it.each<[string, PeerAnswer[], Signal[], string[], string[]]>([
    ['nothing on both sides', [peer()], [], [], []],
    ['the same on both sides', [peer(told('a'))], [signal('a', '10:00')], [], []],
    ['unknown here', [peer(told('a'), told('b'))], [signal('a', '10:00')], ['b 10:00'], []],
    ['gone there', [peer(told('a'))], [signal('a', '10:00'), signal('b', '09:00')], [], ['b 09:00-12:00']],
    ['two occurrences of it gone there', [peer()], [signal('a', '10:00'), signal('a', '09:00')], [], ['a 10:00-12:00', 'a 09:00-12:00']],
    ['unknown here, and quiet there', [peer(quiet('a'))], [], [], []],
    ['quiet there, and open here', [peer(quiet('a'))], [signal('a', '10:00')], [], []],
    ['the same fingerprint on another cluster', [peer(told('a', '10:00', { cluster: 'staging' }))], [signal('a', '10:00')], ['a 10:00'], ['a 10:00-12:00']],
    ['fires there again, which was missed', [peer(told('a', '11:30'))], [signal('a', '10:00')], ['a 11:30'], ['a 10:00-11:30']],
    ['fires there again, which was heard', [peer(told('a', '11:30'))], [signal('a', '10:00'), signal('a', '11:30')], [], ['a 10:00-11:30']],
    ['fires there again, quiet', [peer(quiet('a', '11:30'))], [signal('a', '10:00')], [], []],
    ['fires there since before we heard of it (merged starts)', [peer(told('a', '09:00'))], [signal('a', '10:00')], [], []],
    ['fires there from a moment on that has not come (a clock that runs ahead)', [peer(told('a', '12:30'))], [signal('a', '10:00')], ['a 12:30'], ['a 10:00-12:00']],
    ['gone there, and received a moment ago', [peer()], [signal('a', '10:00', { receivedAt: '2030-01-01T11:59:00.000Z' })], [], []],
    ['gone there, and received a minute and a bit ago', [peer()], [signal('a', '10:00', { receivedAt: '2030-01-01T11:58:59.999Z' })], [], ['a 10:00-12:00']],
    ['gone at one that has just started', [young()], [signal('a', '10:00')], [], []],
    ['known to one that has just started', [young(told('a'))], [], ['a 10:00'], []],
    ['nobody answers', [undefined], [signal('a', '10:00')], [], []],
    ['nobody is asked', [], [signal('a', '10:00')], [], []],
    ['one of two lists it', [peer(), peer(told('a'))], [signal('a', '10:00')], [], []],
    ['neither of two lists it', [peer(), peer()], [signal('a', '10:00')], [], ['a 10:00-12:00']],
    ['one of two does not list it, the other does not answer', [peer(), undefined], [signal('a', '10:00')], [], []],
    ['one of two does not list it, the other has just started', [peer(), young()], [signal('a', '10:00')], [], []],
    ['one of two lists what is unknown here, the other does not answer', [undefined, peer(told('a'))], [], ['a 10:00'], []],
    ['two list it under two starts, the later one was heard', [peer(told('a', '10:01')), peer(told('a', '10:00'))], [signal('a', '10:01')], [], []],
    ['two list it under two starts, the earlier one was heard', [peer(told('a', '10:01')), peer(told('a', '10:00'))], [signal('a', '10:00')], [], []],
    ['two list it under two starts, unknown here', [peer(told('a', '10:01')), peer(told('a', '10:00'))], [], ['a 10:00'], []],
    ['one of two has heard of the silence', [peer(told('a')), peer(quiet('a'))], [], [], []],
  ])('%s', (_case, answers, open, take, resolve) => {
    expect(compare(answers, open)).toEqual([take, resolve]);
  });

  it('takes alone when told so', () => {
    expect(compare([peer(told('b'))], [signal('a', '10:00')], true)).toEqual([['b 10:00'], []]);
  });

  it('resolves the occurrence as it was reported, heard of now', () => {
    const open = signal('a', '10:00', { labels: { pod: 'x' }, priority: 2 });
    expect(compareAlerts({ answers: [peer()], open: [open], askedAt: ASKED }).resolve).toEqual([{ ...open, status: 'resolved', endsAt: ASKED, receivedAt: ASKED }]);
  });

  it('treats names of Object.prototype as any other', () => {
    expect(compare([peer(told('__proto__'), told('constructor'))], [signal('toString', '10:00')])).toEqual([['__proto__ 10:00', 'constructor 10:00'], ['toString 10:00-12:00']]);
  });
});
