import { channels, connectChannel } from '../../channels/index.js';
import type { Notification } from '../../contracts/notification.js';
import { loadConfig } from '../../config/load.js';
import { revealed } from '../../config/secret.js';
import { EXIT, Exit } from '../exit.js';

/** Sends one message through a configured channel and resolves with what its provider calls it. */
export async function testChannel(id: string, dataDir: string): Promise<string> {
  const own = loadConfig({ flags: { dataDir } }).channels[id];
  if (own === undefined) throw new Exit(EXIT.failed, `channel ${channels.get(id).id} is not configured; see: kubernaut connect ${id}`);
  const channel = await connectChannel(id, revealed(own));
  const { providerId } = await channel.deliver(testNotification(new Date().toISOString()));
  return `${id} took the test message (${providerId})`;
}

const testNotification = (at: string): Notification => ({
  remediationId: 'r-0000000000',
  kind: 'message',
  title: 'Kubernaut is connected',
  severity: 'info',
  target: 'this channel',
  lines: ['This is a test, sent with kubernaut connect --test.', 'From now on you read here what Kubernaut finds, does and asks.'],
  commands: ['kubernaut list'],
  links: {},
  at,
});
