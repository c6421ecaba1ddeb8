import { expect, it } from '@jest/globals';
import type { ChannelDefinition } from '../../../src/channels/define.js';

const SECRET = 'very-secret-token-0123456789';

/** What holds for every channel. Call it inside a `describe`. */
export function itKeepsTheContractOfChannels(channel: ChannelDefinition): void {
  it('says what it does, takes a closed configuration and marks its secrets', () => {
    expect(channel.summary).toMatch(/\.$/);
    expect(channel.config.additionalProperties).toBe(false);
    for (const [key, schema] of Object.entries(channel.config.properties as Record<string, { format?: string }>)) {
      if (/token|secret|password/i.test(key)) expect(schema.format).toBe('secret');
    }
  });

  it('calls a lost connection retryable and an unknown error final, quoting neither', () => {
    const reset = Object.assign(new Error(`boom ${SECRET}`), { code: 'ECONNRESET' });
    expect(channel.classify(new TypeError('fetch failed', { cause: reset })).code).toBe('ChannelUnavailable');
    const unknown = channel.classify(new Error(`boom ${SECRET}`));
    expect(unknown.code).toBe('ChannelRejected');
    expect(`${unknown.message} ${JSON.stringify(unknown.details)}`).not.toContain(SECRET);
    expect(unknown.details.channel).toBe(channel.id);
  });
}
