import { describe, expect, it } from '@jest/globals';
import { alertBody } from './alert-body.js';
import { EXIT } from './exit.js';

const NOW = '2026-03-01T10:00:00.000Z';
const labels = { alertname: 'A' };

describe('what people have at hand becomes an AlertManager body', () => {
  it.each([
    ['one alert', { labels }, { labels, status: 'firing', startsAt: NOW }],
    ['a list of alerts', [{ labels, startsAt: '2026-03-01T09:00:00Z' }], { labels, status: 'firing', startsAt: '2026-03-01T09:00:00Z' }],
    ['an alert that has ended', { labels, endsAt: '2026-03-01T09:30:00Z' }, { labels, endsAt: '2026-03-01T09:30:00Z', status: 'resolved', startsAt: NOW }],
    ['an alert that ends later', { labels, endsAt: '2026-03-01T10:30:00Z' }, { labels, endsAt: '2026-03-01T10:30:00Z', status: 'firing', startsAt: NOW }],
    ['the zero end', { labels, endsAt: '0001-01-01T00:00:00Z' }, { labels, endsAt: '0001-01-01T00:00:00Z', status: 'firing', startsAt: NOW }],
    ['the status of AlertManager\'s own API', { labels, status: { state: 'active' } }, { labels, status: 'firing', startsAt: NOW }],
  ])('%s', (_what, given, alert) => expect(alertBody(given, 'f.json', NOW).alerts).toEqual([alert]));

  it('keeps a webhook body as it is', () => {
    const body = { version: '4', groupKey: 'g', alerts: [{ labels, status: 'resolved', startsAt: NOW }] };
    expect(alertBody(body, 'f.json', NOW)).toEqual(body);
  });

  it.each([['a number', 3], ['no alert', []], ['an object of something else', { a: 1 }], ['nothing', null]])('refuses %s as wrong use, naming the file', (_what, given) => {
    let refused: unknown;
    try {
      alertBody(given, 'f.json', NOW);
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ code: EXIT.usage, message: expect.stringContaining('f.json') });
  });
});
