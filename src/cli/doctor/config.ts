import { loadWithOrigins, type Loaded } from '../../config/load.js';
import type { ConfigIssue } from '../../config/issues.js';
import { isKubernautError } from '../../domain/errors.js';
import type { RunFile } from '../run-file.js';
import { failedCheck, type Check } from './check.js';

/** Every wrong key is a row of its own. Without a valid configuration nobody can say what else to look at. */
export function checkConfig(dataDir: string, actionIds: readonly string[], run?: RunFile): { checks: Check[]; loaded?: Loaded } {
  try {
    const loaded = loadWithOrigins({ flags: { dataDir }, actionIds });
    const detail = `${loaded.file ?? 'no kubernaut.yaml; environment and defaults'}, autonomy ${autonomyText(loaded, run)}${loaded.config.dryRun ? ', dry run' : ''}`;
    return { checks: [{ check: 'configuration', state: 'ok', detail }], loaded };
  } catch (error) {
    const issues = isKubernautError(error, 'ConfigInvalid') ? (error.details.issues as ConfigIssue[] | undefined) : undefined;
    if (!issues) return { checks: [failedCheck('configuration', error)] };
    return { checks: issues.map(issueCheck) };
  }
}

/** `up` lets actions run by themselves in its sandbox, unless the user said otherwise. */
const autonomyText = ({ config, origins }: Loaded, run: RunFile | undefined): string =>
  run?.kubernetes.sandbox && !origins.has('policy.autonomy') ? 'auto (sandbox)' : config.policy.autonomy;

const issueCheck = (i: ConfigIssue): Check => ({
  check: 'configuration',
  state: 'fail',
  detail: `${i.path}${i.origin ? ` (from ${i.origin})` : ''}: got ${i.got}, expected ${i.expected}`,
  next: `for example: ${i.example}`,
});
