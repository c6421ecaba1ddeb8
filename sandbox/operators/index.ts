import { certManager } from './cert-manager.js';
import { cloudNativePg } from './cnpg.js';
import type { Operator } from './define.js';
import { externalSecretsOperator } from './external-secrets.js';
import { volumeSnapshots } from './volume-snapshots.js';

/** Other projects' operators that the sandbox plays: one file and one line each. */
export const operators: readonly Operator[] = [volumeSnapshots, externalSecretsOperator, certManager, cloudNativePg];
