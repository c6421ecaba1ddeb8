import { connectTemporal, tlsOf, toTemporalError, type TemporalConnection, type TemporalSettings } from '../../adapters/temporal/index.js';
import { SEARCH_ATTRIBUTES } from '../../domain/search-attributes.js';
import { temporalSettings } from '../temporal-settings.js';
import { failedCheck, type Check, type Ward } from './check.js';

const PATIENCE_MS = 5000;

/** Reachable, namespace there, search attributes registered (and, when asked, added). */
export async function checkTemporal({ config, isFixing }: Pick<Ward, 'config' | 'isFixing'>): Promise<Check[]> {
  if (config.temporal.address === undefined) {
    return [{ check: 'temporal', state: 'off', detail: 'no address: `kubernaut up` starts its own', next: 'TEMPORAL_ADDRESS=host:7233 to use yours' }];
  }
  const settings = temporalSettings(config);
  const temporal = connectTemporal(settings);
  try {
    const server = await reach(temporal, settings);
    if (server.state === 'fail') return [server];
    const namespace = await checkNamespace(temporal, settings.namespace);
    return namespace.state === 'fail' ? [server, namespace] : [server, namespace, await checkSearchAttributes(temporal, settings, isFixing)];
  } finally {
    await temporal.close();
  }
}

const within = <T>({ connection }: TemporalConnection, ask: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + PATIENCE_MS, ask);

async function reach(temporal: TemporalConnection, { address }: TemporalSettings): Promise<Check> {
  try {
    const info = await within(temporal, () => temporal.connection.workflowService.getSystemInfo({}));
    return { check: 'temporal', state: 'ok', detail: `${address}, server ${info.serverVersion ?? 'of unknown version'}` };
  } catch (error) {
    return failedCheck('temporal', toTemporalError(error, `reaching ${address}`), 'check temporal.address (TEMPORAL_ADDRESS), TLS and that it runs');
  }
}

async function checkNamespace(temporal: TemporalConnection, namespace: string): Promise<Check> {
  const check = 'temporal namespace';
  try {
    const { config } = await within(temporal, () => temporal.connection.workflowService.describeNamespace({ namespace }));
    const retentionS = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
    return { check, state: 'ok', detail: `${namespace}, keeps closed workflows ${Math.round(retentionS / 86_400)} d` };
  } catch (error) {
    return failedCheck(check, toTemporalError(error, `describing namespace ${namespace}`), `temporal operator namespace create -n ${namespace}, or set temporal.namespace`);
  }
}

async function checkSearchAttributes(temporal: TemporalConnection, settings: TemporalSettings, isFixing: boolean): Promise<Check> {
  const check = 'search attributes';
  try {
    const { customAttributes } = await within(temporal, () => temporal.connection.operatorService.listSearchAttributes({ namespace: settings.namespace }));
    const wanted = Object.keys(SEARCH_ATTRIBUTES);
    const missing = wanted.filter((name) => customAttributes?.[name] == null);
    if (missing.length === 0) return { check, state: 'ok', detail: `all ${wanted.length} are registered` };
    if (!isFixing) return { check, state: 'fail', detail: `missing: ${missing.join(', ')}`, next: 'kubernaut doctor --fix' };
    const { ensureSearchAttributes } = await import('../../../temporal/ensure-search-attributes.js');
    const added = await ensureSearchAttributes(settings.address, settings.namespace, { tls: tlsOf(settings), ...(settings.apiKey ? { apiKey: settings.apiKey } : {}) });
    return { check, state: 'ok', detail: `added ${added.join(', ')}` };
  } catch (error) {
    const { namespace } = settings;
    return failedCheck(check, toTemporalError(error, `reading the search attributes of ${namespace}`), `temporal operator search-attribute list -n ${namespace}`);
  }
}
