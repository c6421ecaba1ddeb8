import type { Signal } from '../domain/signal.js';

const WORDS: Readonly<Record<string, Signal['status']>> = {
  firing: 'firing', fire: 'firing', alert: 'firing', alerting: 'firing', alarm: 'firing', triggered: 'firing', trigger: 'firing', problem: 'firing', open: 'firing',
  opened: 'firing', active: 'firing', critical: 'firing', warning: 'firing', error: 'firing', down: 'firing', failing: 'firing', failed: 'firing', true: 'firing',
  resolved: 'resolved', resolve: 'resolved', ok: 'resolved', recovered: 'resolved', recovery: 'resolved', closed: 'resolved', close: 'resolved', normal: 'resolved',
  clear: 'resolved', cleared: 'resolved', up: 'resolved', healthy: 'resolved', passing: 'resolved', false: 'resolved',
};

/** The words monitors use; undefined for any other, since guessing would either act on a recovery or forget an alert. */
export const statusOfWord = (word: string): Signal['status'] | undefined => {
  const key = word.trim().toLowerCase();
  return Object.hasOwn(WORDS, key) ? WORDS[key] : undefined;
};
