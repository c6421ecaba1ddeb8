import type { RecordedChange } from '../evidence.js';

/** A change before it is known how much it tells. */
export type Found = Omit<RecordedChange, 'rank' | 'relation'>;
