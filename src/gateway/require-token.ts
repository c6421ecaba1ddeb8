import type { Config } from '../config/schema.js';
import { KubernautError } from '../domain/errors.js';

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** Throws ConfigInvalid when the gateway would be open to strangers. */
export function requireToken({ tokens, allowInsecure, host, jwt }: Config['gateway']): void {
  if (tokens.length > 0 || jwt !== undefined) return;
  if (allowInsecure && LOOPBACK.includes(host)) return;
  throw new KubernautError(
    'ConfigInvalid',
    allowInsecure
      ? `gateway.allowInsecure works on a loopback address only, not on ${host}; set gateway.tokens (AUTH_TOKEN_SECRET)`
      : 'no token is configured, so anybody could start remediations; set gateway.tokens (AUTH_TOKEN_SECRET), e.g. to the output of: openssl rand -hex 32',
  );
}
