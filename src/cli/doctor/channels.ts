import { connectChannel } from '../../channels/index.js';
import { revealed } from '../../config/secret.js';
import { failedCheck, type Check, type Ward } from './check.js';

/** Configured well enough to connect. Nothing is sent: `connect <channel> --test` does that. */
export async function checkChannels({ config }: Pick<Ward, 'config'>): Promise<Check[]> {
  const configured = Object.entries(config.channels).filter(([, own]) => own !== undefined);
  const checks = await Promise.all(configured.map(([id, own]) => checkChannel(id, own)));
  const reachesPeople = configured.some(([id]) => id !== 'log');
  return reachesPeople ? checks : [...checks, { check: 'people', state: 'off', detail: 'no channel reaches a person; approvals wait unseen', next: 'kubernaut connect slack' }];
}

async function checkChannel(id: string, own: unknown): Promise<Check> {
  const check = `channel ${id}`;
  try {
    await connectChannel(id, revealed(own));
    return { check, state: 'ok', detail: id === 'log' ? 'standard output' : 'configured', ...(id === 'slack' ? { next: 'kubernaut connect slack --test' } : {}) };
  } catch (error) {
    return failedCheck(check, error, `correct channels.${id}`);
  }
}
