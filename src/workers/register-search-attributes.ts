import { ensureSearchAttributes } from '../../temporal/ensure-search-attributes.js';
import { tlsOf, type TemporalSettings } from '../adapters/temporal/index.js';
import type { Logger } from '../adapters/telemetry/logger.js';
import { isKubernautError } from '../domain/errors.js';

/**
 * A server of the user may lack our search attributes, and would then refuse every remediation. Temporal Cloud and servers
 * with restricted rights do not let us add them: that is said, and `kubernaut doctor` says how. Throws TemporalUnavailable,
 * and ConfigInvalid when one has another type.
 */
export async function registerSearchAttributes(temporal: TemporalSettings, logger: Pick<Logger, 'info' | 'warn'>): Promise<void> {
  const { address, namespace, apiKey } = temporal;
  try {
    const added = await ensureSearchAttributes(address, namespace, { tls: tlsOf(temporal), ...(apiKey ? { apiKey } : {}) });
    if (added.length > 0) logger.info({ added, namespace }, 'search attributes registered');
  } catch (error) {
    if (isKubernautError(error)) throw error;
    logger.warn({ err: error, namespace }, 'search attributes could not be checked; see: kubernaut doctor');
  }
}
