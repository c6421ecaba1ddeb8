import type { Metrics } from '../adapters/telemetry/metrics.js';
import type { ParsedSignals } from '../sources/define.js';

const SHOWN_MS = 60 * 60_000;
const MOST = 1000;
const MOST_SHOWN = 10;

/** Groups that arrived without some of their alerts (`max_alerts` of the receiver). */
export interface Truncations {
  /** Of every request: a group that arrives in full is not short any more. */
  see(sourceId: string, parsed: Pick<ParsedSignals, 'truncated' | 'group'>): void;
  /** What `/ready` says of the last hour, by receiver. */
  issues(): string[];
}

interface Short {
  sourceId: string;
  receiver: string;
  count: number;
  atMs: number;
}

interface Parts {
  metrics: Pick<Metrics, 'truncatedAlerts'>;
  /** Something was left out of a request of this source. */
  onShort?: (sourceId: string) => void;
  /** The rest is fetched where AlertManager's address is known. */
  isFetched: boolean;
  nowMs?: () => number;
}

export function createTruncations({ metrics, onShort, isFetched, nowMs = Date.now }: Parts): Truncations {
  const groups = new Map<string, Short>();

  return {
    see(sourceId, { truncated, group = { receiver: '', key: '' } }) {
      const key = JSON.stringify([sourceId, group.receiver.slice(0, 200), group.key.slice(0, 1000)]);
      groups.delete(key);
      if (truncated <= 0) return;
      metrics.truncatedAlerts.inc({ source: sourceId }, truncated);
      groups.set(key, { sourceId, receiver: nameOf(group.receiver), count: truncated, atMs: nowMs() });
      if (groups.size > MOST) groups.delete(groups.keys().next().value!);
      onShort?.(sourceId);
    },
    issues() {
      for (const [key, { atMs }] of groups) if (nowMs() - atMs > SHOWN_MS) groups.delete(key);
      return issuesOf([...groups.values()], isFetched);
    },
  };
}

/** It goes to `/ready` and to terminals: a name and nothing else. */
const nameOf = (receiver: string): string => receiver.replace(/[^\w .:/@-]/g, '?').slice(0, 100) || 'without a name';

function issuesOf(groups: readonly Short[], isFetched: boolean): string[] {
  const byReceiver = new Map<string, Short[]>();
  for (const g of groups) byReceiver.set(`${g.sourceId} ${g.receiver}`, [...(byReceiver.get(`${g.sourceId} ${g.receiver}`) ?? []), g]);
  return [...byReceiver.values()].slice(0, MOST_SHOWN).map((own) => {
    const { sourceId, receiver } = own[0]!;
    const left = own.reduce((sum, g) => sum + g.count, 0);
    return `receiver ${receiver} of ${sourceId} left ${left} alerts out of ${own.length === 1 ? 'a group' : `${own.length} groups`} within the last hour; ${nextMove(sourceId, isFetched)}`;
  });
}

function nextMove(sourceId: string, isFetched: boolean): string {
  if (sourceId !== 'alertmanager') return 'raise or remove the limit of alerts per message there';
  return isFetched ? 'they are fetched from its API; set its max_alerts to 0' : 'set its max_alerts to 0, or sources.alertmanager.url so that they are fetched';
}
