import type { Documents } from '../../gateway/documents-port.js';
import { KubernautError } from '../../domain/errors.js';
import { createGuardedGet, type GuardedGet } from './guarded-get.js';

/** SNS has one certificate per region and changes it once a year or so. */
const MAX_KEPT = 32;
/** Messages that are not verified yet make us ask: not more of that at once. */
const MAX_UNDER_WAY = 4;

/** Reads what SNS points to; a document is read once and kept under its URL, and asked for once by whoever asks at the same time. */
export function createDocuments(get: GuardedGet = createGuardedGet()): Documents {
  const kept = new Map<string, string>();
  const underWay = new Map<string, Promise<string>>();

  async function readOnce(url: string): Promise<string> {
    const text = await get(url);
    const [oldest] = kept.keys();
    if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(url, text);
    return text;
  }

  return {
    read: async (url) => {
      const known = kept.get(url) ?? underWay.get(url);
      if (known !== undefined) return known;
      if (underWay.size >= MAX_UNDER_WAY) throw new KubernautError('Overloaded', { message: 'too many certificates are being read; send it again in a moment', retryAfterMs: 5000 });
      const reading = readOnce(url).finally(() => underWay.delete(url));
      underWay.set(url, reading);
      return reading;
    },
    visit: async (url) => void (await get(url)),
  };
}
