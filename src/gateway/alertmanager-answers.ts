import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { AlertManager } from '../adapters/alertmanager/client.js';
import { AlertmanagerApiAlert } from '../contracts/alertmanager-api.js';
import type { ListedAlert, PeerAnswer } from '../domain/alert-reconciliation.js';
import { isRejection, signalOfAlert } from '../sources/alert-signal.js';
import type { SourceContext } from '../sources/define.js';
import { withinScope } from './source-scope.js';

const alertSchema = TypeCompiler.Compile(AlertmanagerApiAlert);

export interface Asking {
  /** What it may speak of. */
  scope: Parameters<typeof withinScope>[1];
  served: readonly string[];
  context: SourceContext;
  /** Default: any. */
  receiver?: string;
  warmUpMs: number;
}

/** What one AlertManager says fires, as signals on the way that its webhooks take. Throws what its client throws. */
export async function askAlertManager(peer: AlertManager, asking: Asking): Promise<NonNullable<PeerAnswer>> {
  const [{ upForMs }, listed] = await Promise.all([peer.status(), peer.alerts()]);
  const read = listed.map((alert) => readAlert(alert, asking));
  return { alerts: read.flatMap((r) => (r === 'unreadable' || r === 'foreign' ? [] : [r])), knowsAll: upForMs >= asking.warmUpMs && !read.includes('unreadable') };
}

/** One that cannot be read may be any alert; a foreign one is none of ours. */
function readAlert(alert: unknown, { scope, served, context, receiver }: Asking): ListedAlert | 'unreadable' | 'foreign' {
  if (!alertSchema.Check(alert)) return 'unreadable';
  const parsed = signalOfAlert({ ...alert, status: 'firing' }, 'alertmanager', context);
  if (isRejection(parsed)) return parsed.isForeign ? 'foreign' : 'unreadable';
  const { own } = withinScope(parsed, scope, served);
  return own ? { signal: own, isTold: isTold(alert, receiver) } : 'foreign';
}

const isTold = ({ status, receivers = [] }: AlertmanagerApiAlert, receiver: string | undefined): boolean =>
  status.state === 'active' && [status.silencedBy, status.inhibitedBy, status.mutedBy].every((by) => !by?.length) && (receiver === undefined || receivers.some((r) => r.name === receiver));
