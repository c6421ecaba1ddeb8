import type { Ready } from '../../contracts/api.js';
import { EXIT, Exit } from '../exit.js';
import { failedCheck, type Check, type Ward } from './check.js';

/** Does it run, does it take our token, what does it say of itself, has AlertManager found it. */
export async function checkGateway({ client }: Pick<Ward, 'client'>): Promise<Check[]> {
  if (!client) return [{ check: 'gateway', state: 'off', detail: 'none runs here', next: 'npm start, or name one with --gateway and --token' }];
  try {
    const info = await client.get<{ version: string; cluster: string }>('/api/v1/info');
    const running: Check = { check: 'gateway', state: 'ok', detail: `${client.gateway}, version ${info.version}, cluster ${info.cluster}` };
    return [running, ...(await readiness(client)), await alertmanagerHint(client)];
  } catch (error) {
    return [failedCheck('gateway', error, isUnauthorized(error) ? 'give its token with --token @file' : undefined)];
  }
}

const isUnauthorized = (error: unknown): boolean => error instanceof Exit && error.errorCode === 'Unauthorized';

async function readiness(client: NonNullable<Ward['client']>): Promise<Check[]> {
  try {
    const ready = await client.get<Ready>('/ready');
    const components = Object.entries(ready.components).map(([name, state]) => `${name} ${state}`).join(', ');
    return [
      { check: 'gateway ready', state: ready.status === 'healthy' ? 'ok' : 'warn', detail: `${ready.status}: ${components}` },
      ...ready.issues.map((issue): Check => ({ check: 'gateway issue', state: 'warn', detail: issue })),
    ];
  } catch (error) {
    // 503: the body says which, and so do the rows about Temporal and the database
    if (error instanceof Exit && error.code === EXIT.unreachable) return [{ check: 'gateway ready', state: 'fail', detail: 'it takes no signals now (503)', next: 'see the rows below, or GET /ready', isOutOfReach: true }];
    throw error;
  }
}

async function alertmanagerHint(client: NonNullable<Ward['client']>): Promise<Check> {
  const response = await fetch(`${client.gateway}/metrics`, { signal: AbortSignal.timeout(5000) });
  const received = sumOf(await response.text(), 'kubernaut_alerts_processed_total');
  return received > 0
    ? { check: 'alerts', state: 'ok', detail: `${received} received since it started` }
    : { check: 'alerts', state: 'off', detail: 'none received since it started', next: 'kubernaut connect alertmanager' };
}

/** Sum of a counter over its labels, from the Prometheus text format. */
export const sumOf = (text: string, name: string): number =>
  text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)).reduce((sum, line) => sum + (Number(line.slice(line.lastIndexOf(' ') + 1)) || 0), 0);
