import { Ajv } from 'ajv';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { registryOf } from '../domain/registry.js';
import type { Channel, ChannelDefinition } from './define.js';
import { email } from './email.js';
import { log } from './log.js';
import { slack } from './slack.js';
import { webhook } from './webhook.js';

const members = [email, log, slack, webhook] as const;

export type ChannelId = (typeof members)[number]['id'];

export const channels = registryOf<ChannelDefinition<ChannelId>>('channel', members as unknown as readonly ChannelDefinition<ChannelId>[]);

/**
 * A connected channel whose `deliver` throws ChannelUnavailable or ChannelRejected and nothing else.
 * @throws NotFound for an unknown id, ConfigInvalid naming every wrong key (never its value).
 */
export async function connectChannel(id: string, config: unknown): Promise<Channel> {
  const definition = channels.get(id);
  const wrong = wrongKeysOf(definition, config);
  if (wrong.length > 0) throw new KubernautError('ConfigInvalid', { message: `channel ${id}: ${wrong.join('; ')}`, wrong });
  const channel = await definition.connect(config as never);
  return {
    deliver: async (notification, previous) => {
      try {
        return await channel.deliver(notification, previous);
      } catch (error) {
        throw isKubernautError(error) ? error : definition.classify(error);
      }
    },
  };
}

/** `/path: what is expected`, for every wrong key. Ajv's messages carry no values. */
function wrongKeysOf(definition: ChannelDefinition, config: unknown): string[] {
  const validate = new Ajv({ allErrors: true, strict: false, formats: { secret: true } }).compile(definition.config);
  if (validate(config)) return [];
  return (validate.errors ?? []).map((e) => `${e.instancePath}/${String(e.params.additionalProperty ?? '')}`.replace(/(.)\/$/, '$1') + `: ${e.message ?? e.keyword}`);
}
