import type { SignalResults } from '../../contracts/api.js';
import type { Client } from '../client.js';
import { EXIT, Exit } from '../exit.js';
import { printable } from '../output.js';

/**
 * Goes the way of every alert but names no object, so that nothing can come of it on any cluster: the gateway answers
 * `suppressed`, which is the confirmation.
 */
export const testEvent = (now: string): object => ({
  version: '4',
  status: 'firing',
  receiver: 'kubernaut',
  alerts: [
    {
      status: 'firing',
      startsAt: now,
      labels: { alertname: 'KubernautConnectionTest', severity: 'info' },
      annotations: { summary: 'sent by kubernaut connect --test' },
    },
  ],
});

/** Resolves with one line of confirmation. */
export async function sendTestEvent(client: Client, now: string = new Date().toISOString()): Promise<string> {
  const { request_id: requestId, results } = await client.send<SignalResults>('POST', '/alerts', testEvent(now));
  const result = results[0];
  if (!result || result.outcome === 'rejected') throw new Exit(EXIT.failed, `the gateway rejected the test event: ${result?.reason ?? 'no result'}; look at it with: kubernaut doctor`);
  const why = result.reason === undefined ? '' : ` (${result.reason})`;
  return printable(`${client.gateway} took the test event ${result.fingerprint ?? ''}: ${result.outcome}${why}, as it should; request ${requestId}`);
}
