import type { Remediation } from '../../contracts/remediation.js';
import { MESSAGES } from '../../domain/messages.js';
import type { TemporalGateway } from '../../gateway/temporal-port.js';
import type { TemporalConnection } from './connect.js';
import { withinDeadline } from './deadline.js';
import { dispatchSignal } from './dispatch.js';
import { lookAt } from './look.js';
import { decideOpen, describeRun, signalOpen, tellOpen } from './open-run.js';

/** Under a burst hundreds are in line there; senders are answered from the inbox meanwhile. */
const HANDOVER_MS = 20_000;
const QUERY_MS = 2000;
const PING_MS = 1000;

/** The gateway's side of Temporal over one lazily connected client. */
export function createTemporalGateway({ client, connection }: Pick<TemporalConnection, 'client' | 'connection'>): TemporalGateway {
  const within = <T>(ms: number, doing: string, run: () => Promise<T>) => withinDeadline(connection, ms, doing, run);
  return {
    dispatch: (input, options) => within(HANDOVER_MS, `handing over ${input.first.alert}`, () => dispatchSignal(client, input, options)),
    join: (workflowId, signal) => within(HANDOVER_MS, `handing over ${signal.alert}`, () => signalOpen(client, workflowId, signal)),
    remediationOf: (workflowId, runId) => within(QUERY_MS, `looking for ${workflowId}`, () => describeRun(client, workflowId, runId)),
    decide: (ref, kind, decision) => within(HANDOVER_MS, `asking ${ref.remediationId} to ${kind}`, () => decideOpen(client, ref, kind, decision)),
    tell: (ref, what, decision) => within(HANDOVER_MS, `sending ${what} to ${ref.remediationId}`, () => tellOpen(client, ref, what, decision)),
    ping: () => within(PING_MS, 'looking whether it answers', async () => void (await connection.workflowService.getSystemInfo({}))),
    look: (what, withinMs) => lookAt({ client, within }, what, withinMs),
    async status(ref) {
      const query = () => client.workflow.getHandle(ref.workflowId).query<Remediation>(MESSAGES.status);
      // Closed meanwhile, no worker, or Temporal down: the caller has the stored document, which is what can be said then.
      const live = await within(QUERY_MS, `asking for ${ref.remediationId}`, query).catch(() => undefined);
      return live?.id === ref.remediationId ? live : undefined;
    },
  };
}
