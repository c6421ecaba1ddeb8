import type { ParsedSignals } from './define.js';

/** The group of a body of AlertManager's shape, and who is to be told to change something when it comes without some of its alerts. */
export const groupOf = ({ receiver = '', groupKey = '' }: { receiver?: string; groupKey?: string }): NonNullable<ParsedSignals['group']> => ({ receiver, key: groupKey });
