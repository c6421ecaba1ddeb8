import { isIP } from 'node:net';
import type { Config } from '../config/schema.js';
import { KubernautError } from '../domain/errors.js';

/** Whose X-Forwarded-For is believed. Throws ConfigInvalid for what is no address or range, and for the range of everybody. */
export function trustedProxies({ trustedProxies: proxies }: Pick<Config['gateway'], 'trustedProxies'>): string[] | false {
  const wrong = proxies.find((p) => !isExact(p));
  if (wrong === undefined) return proxies.length > 0 ? proxies : false;
  throw new KubernautError('ConfigInvalid', `gateway.trustedProxies: ${wrong} is not the address or range of a proxy; write addresses like 10.0.0.7 or 10.0.0.0/24, and never a range that holds everybody`);
}

function isExact(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= (family === 4 ? 32 : 128));
}
