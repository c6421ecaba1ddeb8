import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import { createTruncations } from './truncations.js';

function seen(isFetched = true) {
  let nowMs = 0;
  const short: string[] = [];
  const metrics = createMetrics({ withProcess: false });
  const truncations = createTruncations({ metrics, isFetched, onShort: (id) => short.push(id), nowMs: () => nowMs });
  const see = (truncated: number, receiver = 'kubernaut', key = '{}:{a}', source = 'alertmanager') => truncations.see(source, { truncated, group: { receiver, key } });
  return { ...truncations, see, short, metrics, wait: (ms: number) => (nowMs += ms) };
}

describe('groups that arrive without some of their alerts', () => {
  it('are shown for an hour, by receiver, with what to change', () => {
    const t = seen();
    t.see(3);
    t.see(4, 'kubernaut', '{}:{b}');
    t.see(1, 'pager');
    expect(t.issues()).toEqual([
      'receiver kubernaut of alertmanager left 7 alerts out of 2 groups within the last hour; they are fetched from its API; set its max_alerts to 0',
      'receiver pager of alertmanager left 1 alerts out of a group within the last hour; they are fetched from its API; set its max_alerts to 0',
    ]);
    t.wait(60 * 60_000 + 1);
    expect(t.issues()).toEqual([]);
  });

  it('are forgotten when they arrive in full, others are not', () => {
    const t = seen();
    t.see(3);
    t.see(4, 'kubernaut', '{}:{b}');
    t.see(0);
    expect(t.issues()).toEqual([expect.stringContaining('left 4 alerts out of a group')]);
    t.see(0, 'kubernaut', '{}:{b}');
    expect(t.issues()).toEqual([]);
  });

  it('are told, and counted by source', async () => {
    const t = seen();
    t.see(3);
    t.see(2, 'team', '{}', 'grafana');
    t.see(0);
    expect(t.short).toEqual(['alertmanager', 'grafana']);
    expect(await t.metrics.registry.metrics()).toContain('kubernaut_truncated_alerts_total{source="grafana"} 2');
  });

  it('say what would fetch the rest where nothing does', () => {
    const t = seen(false);
    t.see(3);
    t.see(2, 'team', '{}', 'grafana');
    expect(t.issues()).toEqual([expect.stringContaining('or sources.alertmanager.url'), expect.stringContaining('raise or remove the limit')]);
  });

  it('show names of receivers as text alone, and no more than a screen of them', () => {
    const t = seen();
    t.see(1, '\u001b[31m<b>"x"');
    t.see(1, '');
    for (let i = 0; i < 2000; i++) t.see(1, `r${i}`);
    expect(t.issues()).toHaveLength(10);
    const u = seen();
    u.see(1, '\u001b[31m<b>"x"');
    u.see(1, '');
    expect(u.issues()).toEqual([expect.stringMatching(/^receiver \?\?31m\?b\?\?x\? of/), expect.stringMatching(/^receiver without a name of/)]);
  });
});
