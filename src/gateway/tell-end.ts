import { actedOn } from '../domain/filter.js';
import type { Signal } from '../domain/signal.js';
import type { GatewayDeps } from './deps.js';
import type { HandOver } from './hand-over.js';

const WAITING = { outcome: 'received', reason: 'its start is still on its way; it follows when that has arrived' } as const;

/**
 * A resolved signal is for what runs, and starts nothing. Told before its start, a workflow that runs for other alerts of the
 * target would not know what ended, and then see it fire for ever.
 */
export function createTellEnd({ temporal, store }: Pick<GatewayDeps, 'temporal' | 'store'>): HandOver {
  const startOf = (signal: Signal) => store.findSignal({ ...signal, status: 'firing' });

  return async (judgement, { workflowId }, { isAheadOfStart }) => {
    const { signal } = judgement;
    const row = { signal, workflowId, rules: actedOn(judgement) };
    if (isAheadOfStart && (await startOf(signal))?.outcome === 'received') return { ...row, ...WAITING };
    const open = await temporal.join(workflowId, signal);
    if (open) return { ...row, outcome: 'resolved', ...open };
    // Nothing is open: because it is over, or because another gateway is about to hand over what it ends?
    const start = await startOf(signal);
    if (start?.outcome === 'received') return { ...row, ...WAITING };
    const late = start?.remediationId === undefined ? undefined : await temporal.join(workflowId, signal);
    return late ? { ...row, outcome: 'resolved', ...late } : { ...row, outcome: 'suppressed', reason: 'resolved, and nothing is open for it' };
  };
}
