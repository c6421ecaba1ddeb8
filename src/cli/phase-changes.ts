import type { Remediation } from '../contracts/remediation.js';

/**
 * Remembers what was seen, and returns what is new since the last call, oldest first. What was closed before the watching
 * began is no news.
 */
export function phaseChanges(): (items: readonly Remediation[], since: string) => Remediation[] {
  const seen = new Map<string, string>();
  return (items, since) => {
    const changed = items.filter((r) => {
      const before = seen.get(r.id);
      seen.set(r.id, r.phase);
      if (before !== undefined) return before !== r.phase;
      return r.phase !== 'closed' || (r.closed_at ?? r.started_at) >= since;
    });
    return changed.reverse();
  };
}
