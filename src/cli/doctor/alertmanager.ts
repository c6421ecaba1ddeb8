import { alertManagersOf, type AlertManager } from '../../adapters/alertmanager/client.js';
import { revealed } from '../../config/secret.js';
import { formatDuration } from '../../domain/duration.js';
import { KubernautError } from '../../domain/errors.js';
import type { AlertmanagerSettings } from '../../sources/alertmanager-settings.js';
import { failedCheck, type Check, type Ward } from './check.js';

const CHECK = 'alertmanager';

/** Can its API be asked what fires, and does it know the receiver that is named. Whether its webhooks arrive, the gateway tells. */
export async function checkAlertManager({ config }: Pick<Ward, 'config'>): Promise<Check[]> {
  const settings = revealed(config.sources.alertmanager) as unknown as AlertmanagerSettings;
  const peers = alertManagersOf(settings);
  if (peers.length > 0) return Promise.all(peers.map((peer) => checkOne(peer, settings.receiver)));
  return [{ check: CHECK, state: 'off', detail: 'its API is not asked: what it forgets over a restart, or leaves out, is not heard of', next: 'set sources.alertmanager.url' }];
}

async function checkOne(peer: AlertManager, receiver: string | undefined): Promise<Check> {
  try {
    const [{ version, upForMs }, alerts, receivers] = await Promise.all([peer.status(), peer.alerts(), peer.receivers()]);
    const detail = `${peer.url}, version ${version}, up for ${formatDuration(Math.max(0, upForMs))}, ${alerts.length} alerts`;
    if (receiver === undefined || receivers.includes(receiver)) return { check: CHECK, state: 'ok', detail };
    return { check: CHECK, state: 'warn', detail: `${detail}; it has no receiver ${receiver}`, next: `set sources.alertmanager.receiver to one of ${receivers.slice(0, 10).join(', ')}` };
  } catch (error) {
    // The message says what to do already; the row has a line of its own for that.
    const [said, next] = error instanceof KubernautError ? error.message.split(/; (?=[^;]*$)/) : [];
    return failedCheck(CHECK, said === undefined ? error : new KubernautError((error as KubernautError).code, said), next ?? 'check sources.alertmanager.url');
  }
}
