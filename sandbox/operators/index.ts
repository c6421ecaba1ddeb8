import type { Operator } from './define.js';
import { volumeSnapshots } from './volume-snapshots.js';

/** Other projects' operators that the sandbox plays: one file and one line each. */
export const operators: readonly Operator[] = [volumeSnapshots];
